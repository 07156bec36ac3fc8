// The tables behind registry.h; included by registry.cc alone. Append only: see registry.h.
#pragma once

#include "protocol/erasure_numbers.h"
#include "protocol/limits.h"
#include "protocol/registry.h"

namespace kiz::registry::tables {

inline constexpr auto text_max = static_cast<std::int64_t>(limits::short_text_characters_max);
inline constexpr auto long_max = static_cast<std::int64_t>(limits::long_text_bytes_max);
inline constexpr std::int64_t line_max = 2000;  // one line that may be long: access, addresses in the web
inline constexpr std::int64_t people_max = 10'000'000;

// ---- enumerations --------------------------------------------------------------------------------------------------

inline constexpr EnumValue offer_kind[] = {
    {1, "language_course", "sprachkurs", "Sprachkurs", "Language course", "deutschkurs,integrationskurs"},
    {2, "counselling", "beratung", "Beratung", "Counselling", "advice"},
    {3, "mentoring", "begleitung", "Begleitung/Patenschaft", "Mentoring", "patenschaft,begleitung_patenschaft"},
    {4, "meeting_place", "treffpunkt", "Treffpunkt", "Meeting place", "cafe,begegnung"},
    {5, "parent_education", "elternbildung", "Elternbildung", "Parent education"},
    {6, "homework_help", "hausaufgabenhilfe", "Hausaufgabenhilfe", "Homework help"},
    {7, "staff_qualification", "qualifizierung", "Qualifizierung Fachkräfte", "Staff qualification",
     "qualifizierung_fachkraefte,fortbildung"},
    {8, "training_and_work", "ausbildung_arbeit", "Ausbildung/Arbeit", "Training and work", "ausbildung,arbeit,work"},
    {9, "health", "gesundheit", "Gesundheit", "Health"},
    {10, "sports", "sport", "Sport", "Sports"},
    {11, "culture", "kultur", "Kultur", "Culture"},
    {12, "seniors", "senioren", "Senioren", "Seniors"},
    {13, "other", "sonstiges", "Sonstiges", "Other"},
};

inline constexpr EnumValue field_of_action[] = {
    {1, "integration_through_education", "integration_durch_bildung", "Integration durch Bildung",
     "Integration through education", "bildung,education"},
    {2, "integration_as_cross_cutting_task", "integration_als_querschnittsaufgabe", "Integration als Querschnittsaufgabe",
     "Integration as a cross-cutting task", "querschnitt,cross_cutting"},
};

inline constexpr EnumValue chain_stage[] = {
    {1, "preschool", "vorschulisch", "vorschulisch", "Preschool"},
    {2, "school", "schulisch", "schulisch", "School"},
    {3, "school_to_work", "uebergang", "Übergang Schule-Beruf", "School to work", "uebergang_schule_beruf"},
    {4, "out_of_school", "ausserschulisch", "außerschulisch", "Out of school"},
    {5, "youth_services", "jugendhilfe", "Kinder-/Jugendhilfe", "Child and youth services", "kinder/jugendhilfe"},
};

inline constexpr EnumValue target_group[] = {
    {1, "children", "kinder", "Kinder", "Children"},
    {2, "youth", "jugendliche", "Jugendliche", "Youth"},
    {3, "parents", "eltern", "Eltern", "Parents"},
    {4, "women", "frauen", "Frauen", "Women"},
    {5, "seniors", "senioren", "Senioren", "Seniors"},
    {6, "staff", "fachkraefte", "Fachkräfte", "Staff"},
    {7, "volunteers", "ehrenamtliche", "Ehrenamtliche", "Volunteers"},
};

inline constexpr EnumValue language_level[] = {
    {1, "literacy", "alpha", "Alpha", "Literacy"}, {2, "a1", "a1", "A1", "A1"}, {3, "a2", "a2", "A2", "A2"},
    {4, "b1", "b1", "B1", "B1"},                   {5, "b2", "b2", "B2", "B2"}, {6, "c1", "c1", "C1", "C1"},
    {7, "c2", "c2", "C2", "C2"},
};

inline constexpr EnumValue offer_format[] = {
    {1, "on_site", "vor_ort", "vor Ort", "On site", "praesenz"},
    {2, "online", "online", "online", "Online"},
    {3, "hybrid", "gemischt", "gemischt", "Hybrid"},
    {4, "outreach", "aufsuchend", "aufsuchend", "Outreach"},
};

inline constexpr EnumValue yes_partly_no[] = {
    {1, "yes", "ja", "ja", "Yes", "j,y"},
    {2, "no", "nein", "nein", "No", "n"},
    {3, "partly", "teilweise", "teilweise", "Partly"},
    {4, "unknown", "unbekannt", "unbekannt", "Unknown"},
};

inline constexpr EnumValue funding[] = {
    {1, "ki", "ki", "KI", "KI"},
    {2, "komm_an", "komm_an", "KOMM-AN", "KOMM-AN"},
    {3, "komm_in", "komm_in", "KOMM-IN", "KOMM-IN"},
    {4, "federal", "bund", "Bund", "Federal"},
    {5, "municipal", "kommune", "Kommune", "Municipal"},
    {6, "donation", "spende", "Spende", "Donation"},
};

inline constexpr EnumValue status_of_offer[] = {
    {offer_status::planned, "planned", "geplant", "geplant", "Planned"},
    {offer_status::active, "active", "aktiv", "aktiv", "Active"},
    {offer_status::paused, "paused", "pausiert", "pausiert", "Paused"},
    {offer_status::ended, "ended", "beendet", "beendet", "Ended"},
};

inline constexpr EnumValue basis[] = {
    {1, "count", "zaehlung", "Zählung", "Count"},
    {2, "estimate", "schaetzung", "Schätzung", "Estimate"},
    {3, "request", "anfrage", "Anfrage", "Request"},
};

inline constexpr EnumValue status_of_need[] = {
    {need_status::open, "open", "offen", "offen", "Open"},
    {need_status::partly_met, "partly_met", "teilweise_gedeckt", "teilweise gedeckt", "Partly met"},
    {need_status::met, "met", "gedeckt", "gedeckt", "Met"},
    {need_status::dropped, "dropped", "entfallen", "entfallen", "Dropped"},
};

// The English name is what stands in the key of a count. Stocks are marked in is_stock().
inline constexpr EnumValue measure[] = {
    {1, "arrived", "zugezogen", "neu zugezogen", "Newly arrived", "neu_zugezogen"},
    {2, "registered", "gemeldet", "gemeldet", "Registered"},
    {3, "invited", "eingeladen", "eingeladen", "Invited"},
    {4, "counselled", "beraten", "beraten", "Counselled"},
    {5, "placed", "schulplatz", "Schulplatz erhalten", "Placed in school", "schulplatz_erhalten"},
    {6, "left", "fortgezogen", "fortgezogen", "Moved away"},
    {7, "waiting", "wartend", "ohne Schulplatz am Stichtag", "Waiting for a school place", "ohne_schulplatz"},
    {8, "first_support", "erstfoerderung", "in Erstförderung am Stichtag", "In first language support",
     "in_erstfoerderung"},
    {9, "waiting_days_median", "wartetage_median", "Wartetage (Median)", "Days waiting (median)"},
    {10, "adults_arrived", "erwachsene_zugezogen", "Erwachsene neu zugezogen", "Adults arrived"},
    {11, "adults_counselled", "erwachsene_beraten", "Erwachsene beraten", "Adults counselled"},
    {12, "residents_foreign", "auslaendische_einwohner", "ausländische Einwohner am Stichtag", "Foreign residents"},
};

inline constexpr EnumValue school_type[] = {
    {1, "kita", "kita", "Kita", "Day-care centre"},
    {2, "grundschule", "grundschule", "Grundschule", "Primary school", "primary"},
    {3, "hauptschule", "hauptschule", "Hauptschule", "Hauptschule"},
    {4, "realschule", "realschule", "Realschule", "Realschule"},
    {5, "sekundarschule", "sekundarschule", "Sekundarschule", "Sekundarschule"},
    {6, "gesamtschule", "gesamtschule", "Gesamtschule", "Comprehensive school"},
    {7, "gymnasium", "gymnasium", "Gymnasium", "Gymnasium"},
    {8, "foerderschule", "foerderschule", "Förderschule", "Special school"},
    {9, "berufskolleg", "berufskolleg", "Berufskolleg", "Vocational college"},
    {10, "weiterbildungskolleg", "weiterbildungskolleg", "Weiterbildungskolleg", "Adult education college"},
    {11, "other", "sonstige", "Waldorf/sonstige", "Other school", "waldorf,waldorf/sonstige"},
    {12, "none_yet", "noch_keine", "noch keine", "None yet"},
};

inline constexpr EnumValue sex[] = {
    {1, "w", "w", "weiblich", "female", "f"},
    {2, "m", "m", "männlich", "male"},
    {3, "d", "d", "divers", "diverse"},
    {4, "-", "-", "ohne Angabe", "not stated", "ohne_angabe"},
};

inline constexpr EnumValue state_of_return[] = {
    {return_state::open, "open", "offen", "offen", "Open"},
    {return_state::in_progress, "in_progress", "in_arbeit", "in Arbeit", "In progress"},
    {return_state::reported, "reported", "gemeldet", "gemeldet", "Reported"},
    {return_state::corrected, "corrected", "korrigiert", "korrigiert", "Corrected"},
};

inline constexpr EnumValue state_of_consent[] = {
    {consent_state::deliberating, "deliberating", "in_beratung", "in Beratung", "Deliberating", "beraten"},
    {consent_state::granted, "granted", "erteilt", "erteilt", "Granted"},
    {consent_state::granted_with_conditions, "granted_with_conditions", "erteilt_mit_auflagen", "erteilt mit Auflagen",
     "Granted with conditions"},
    {consent_state::refused, "refused", "verweigert", "verweigert", "Refused"},
    {consent_state::withdrawn, "withdrawn", "zurueckgenommen", "zurückgenommen", "Withdrawn"},
};

inline constexpr EnumValue body_deciding[] = {
    {1, "council", "rat", "Rat", "Council", "stadtrat,gemeinderat"},
    {2, "main_committee", "hauptausschuss", "Hauptausschuss", "Main committee"},
    {3, "mayor", "buergermeister", "Bürgermeister", "Mayor", "buergermeisterin"},
};

inline constexpr EnumValue kind_of_subject[] = {
    {1, "shape", "ausgestaltung", "Ausgestaltung des KIZ", "Shape of the KIZ", "ausgestaltung_kiz"},
    {2, "concept", "konzept", "Integrationskonzept", "Integration concept", "integrationskonzept"},
    {3, "state_project", "landesprojekt", "Landesprojekt", "State project"},
    {4, "cost_sharing", "kostenbeteiligung", "Kostenbeteiligung", "Cost sharing"},
};

inline constexpr EnumValue kind_of_actor[] = {
    {1, "office", "amt", "Amt", "Public office"},
    {2, "school", "schule", "Schule", "School"},
    {3, "daycare", "kita", "Kita", "Day-care centre"},
    {4, "welfare_association", "wohlfahrtsverband", "Wohlfahrtsverband", "Welfare association"},
    {5, "independent_provider", "freier_traeger", "freier Träger", "Independent provider"},
    {6, "volunteers", "ehrenamt", "Ehrenamtsinitiative", "Volunteer initiative", "ehrenamtsinitiative"},
    {7, "migrant_organisation", "migrantenorganisation", "Migrantenorganisation", "Migrant organisation", "mso"},
    {8, "school_supervision", "schulaufsicht", "Schulaufsicht", "School supervision"},
    {9, "politics", "politik", "Politik", "Politics"},
    {10, "job_centre", "jobcenter", "Jobcenter/Agentur", "Job centre", "agentur"},
    {11, "adult_education", "vhs", "VHS/FBS/Bücherei", "Adult education", "fbs,buecherei"},
    {12, "other", "sonstige", "sonstige", "Other"},
};

// ---- fields --------------------------------------------------------------------------------------------------------

using enum Merge;
using enum Type;

inline constexpr Field note_fields[] = {
    {1, "acting_person", "bearbeitet_von", "bearbeitet von", "Acting person", last_write, text, false, Personal::yes, 0,
     text_max},
};

inline constexpr Field offer_fields[] = {
    {1, "title", "titel", "Titel", "Title", last_write, text, true, Personal::no, 1, text_max},
    {2, "description", "beschreibung", "Beschreibung", "Description", last_write, long_text, false, Personal::no, 0,
     long_max},
    {3, "provider", "traeger", "Träger", "Provider", last_write, party, true, Personal::no, 1, text_max, {}, kinds::actor},
    {4, "cooperation", "kooperationspartner", "Kooperationspartner", "Cooperation", set, party, false, Personal::no, 1,
     text_max, {}, kinds::actor, "kooperation"},
    {5, "kind", "angebotsart", "Angebotsart", "Kind", set, enumeration, true, Personal::no, 0, 0, offer_kind, 0, "art"},
    {6, "field_of_action", "handlungsfeld", "Handlungsfeld", "Field of action", set, enumeration, false, Personal::no, 0,
     0, field_of_action},
    {7, "chain_stage", "bildungskette", "Bildungskette", "Education chain", set, enumeration, false, Personal::no, 0, 0,
     chain_stage},
    {8, "target_groups", "zielgruppe", "Zielgruppe", "Target groups", set, enumeration, false, Personal::no, 0, 0,
     target_group, 0, "target_group,zielgruppen"},
    {10, "languages", "sprachen", "Sprachen", "Languages", set, language, false, Personal::no, 0, 0, {}, 0,
     "language,sprache,sprachen_des_angebots"},
    {11, "level", "sprachniveau", "Sprachniveau", "Language level", set, enumeration, false, Personal::no, 0, 0,
     language_level, 0, "niveau"},
    {12, "age_min", "alter_von", "Alter von", "Age from", last_write, integer, false, Personal::no, 0, 120},
    {13, "age_max", "alter_bis", "Alter bis", "Age to", last_write, integer, false, Personal::no, 0, 120},
    {14, "format", "durchfuehrung", "Durchführung", "Format", last_write, enumeration, false, Personal::no, 0, 0,
     offer_format},
    {15, "place.name", "ort.name", "Ort", "Place", last_write, text, false, Personal::no, 0, text_max, {}, 0, "ort,place"},
    {16, "place.street", "ort.strasse", "Straße", "Street", last_write, text, false, Personal::no, 0, text_max, {}, 0,
     "strasse,street"},
    {17, "place.zip", "ort.plz", "PLZ", "Postcode", last_write, text, false, Personal::no, 0, 20, {}, 0, "plz,zip"},
    {18, "place.city", "ort.stadt", "Stadt", "City", last_write, text, false, Personal::no, 0, text_max, {}, 0,
     "stadt,city,gemeinde,ort.ort"},
    {19, "place.lat", "ort.breite", "Breite", "Latitude", last_write, micro_degree, false, Personal::no, -90'000'000,
     90'000'000, {}, 0, "lat,breite"},
    {20, "schedule", "termine", "Termine", "Schedule", set, slot, false, Personal::no, 0, text_max, {}, 0, "termin"},
    {21, "place.lon", "ort.laenge", "Länge", "Longitude", last_write, micro_degree, false, Personal::no, -180'000'000,
     180'000'000, {}, 0, "lon,laenge"},
    {22, "service_area", "einzugsgebiet", "Einzugsgebiet", "Service area", set, ags, false, Personal::no},
    {23, "valid_from", "gueltig_von", "Laufzeit von", "Valid from", last_write, date, false, Personal::no, 0, 0, {}, 0,
     "beginn,von"},
    {24, "valid_until", "gueltig_bis", "Laufzeit bis", "Valid until", last_write, date, false, Personal::no, 0, 0, {}, 0,
     "ende,bis"},
    {25, "capacity", "plaetze", "Plätze", "Places", last_write, integer, false, Personal::no, 0, people_max},
    {26, "places_free", "plaetze_frei", "freie Plätze", "Places free", last_write, integer, false, Personal::no, 0,
     people_max, {}, 0, "frei"},
    {27, "waiting", "warteliste", "Warteliste", "Waiting list", last_write, integer, false, Personal::no, 0, people_max},
    {28, "cost", "kosten", "Kosten (EUR)", "Cost (EUR)", last_write, cents, false, Personal::no, 0, 1'000'000'000},
    {29, "cost_note", "ermaessigung", "Ermäßigung", "Cost note", last_write, text, false, Personal::no, 0, text_max, {}, 0,
     "kostenhinweis"},
    {30, "access", "zugang", "Zugang/Anmeldung", "Access", last_write, text, false, Personal::no, 0, line_max, {}, 0,
     "anmeldung,voraussetzungen"},
    {31, "childcare", "kinderbetreuung", "Kinderbetreuung", "Childcare", last_write, enumeration, false, Personal::no, 0,
     0, yes_partly_no},
    {32, "barrier_free", "barrierefrei", "barrierefrei", "Barrier-free", last_write, enumeration, false, Personal::no, 0,
     0, yes_partly_no},
    {33, "interpreter", "sprachmittlung", "Sprachmittlung", "Interpreter", last_write, enumeration, false, Personal::no, 0,
     0, yes_partly_no},
    {34, "contact.name", "kontakt.name", "Ansprechperson", "Contact person", last_write, text, false, Personal::yes, 0,
     text_max, {}, 0, "ansprechperson,contact"},
    {35, "contact.role", "kontakt.funktion", "Funktion", "Role", last_write, text, false, Personal::office, 0, text_max,
     {}, 0, "funktion,role"},
    {36, "contact.phone", "kontakt.telefon", "Telefon", "Phone", last_write, text, false, Personal::office, 0, text_max,
     {}, 0, "telefon,phone"},
    {37, "contact.email", "kontakt.email", "E-Mail", "Email", last_write, text, false, Personal::office, 0, text_max, {},
     0, "email,e_mail,mail"},
    {38, "contact.url", "kontakt.internet", "Internet", "Web", last_write, text, false, Personal::office, 0, line_max, {},
     0, "url,internet,web,homepage"},
    {39, "funding_source", "foerderung", "Förderung", "Funding", set, enumeration, false, Personal::no, 0, 0, funding, 0,
     "funding"},
    {40, "status", "stand", "Stand", "Status", multi_value, enumeration, false, Personal::no, 0, 0, status_of_offer},
    {41, "confirmed_on", "bestaetigt_am", "bestätigt am", "Confirmed on", last_write, date},
    {42, "confirmed_by_office", "bestaetigt_durch", "bestätigt durch", "Confirmed by", last_write, ags, false,
     Personal::no, 0, 0, {}, 0, "confirmed_by"},
    {43, "public", "veroeffentlichen", "veröffentlichen", "Public", last_write, boolean, false, Personal::no, 0, 1, {}, 0,
     "oeffentlich"},
    {44, "external_ids", "fremde_kennungen", "fremde Kennungen", "External ids", set, external_id, false, Personal::no, 0,
     text_max, {}, 0, "external_id,fremde_kennung,kennung"},
    {45, "good_practice", "gute_praxis", "gute Praxis", "Good practice", last_write, boolean, false, Personal::no, 0, 1},
    {46, "good_practice_text", "gute_praxis_text", "gute Praxis (Text)", "Good practice (text)", last_write, long_text,
     false, Personal::no, 0, long_max},
};

inline constexpr Field need_fields[] = {
    {1, "title", "titel", "Titel", "Title", last_write, text, false, Personal::no, 0, text_max},
    {2, "text", "text", "Text", "Text", last_write, long_text, false, Personal::no, 0, long_max, {}, 0,
     "beschreibung,description"},
    {3, "kind", "angebotsart", "Angebotsart", "Kind", set, enumeration, true, Personal::no, 0, 0, offer_kind, 0, "art"},
    {4, "target_groups", "zielgruppe", "Zielgruppe", "Target groups", set, enumeration, false, Personal::no, 0, 0,
     target_group, 0, "target_group,zielgruppen"},
    {5, "languages", "sprachen", "Sprachen", "Languages", set, language, false, Personal::no, 0, 0, {}, 0,
     "language,sprache"},
    {6, "level", "sprachniveau", "Sprachniveau", "Language level", set, enumeration, false, Personal::no, 0, 0,
     language_level, 0, "niveau"},
    {7, "chain_stage", "bildungskette", "Bildungskette", "Education chain", set, enumeration, false, Personal::no, 0, 0,
     chain_stage},
    {8, "service_area", "einzugsgebiet", "Einzugsgebiet", "Service area", set, ags},
    {9, "amount", "anzahl", "geschätzter Bedarf (Personen)", "Estimated need (people)", last_write, integer, false,
     Personal::no, 0, people_max, {}, 0, "personen,bedarf"},
    {10, "basis", "grundlage", "Grundlage", "Basis", last_write, enumeration, false, Personal::no, 0, 0, basis},
    {11, "period", "zeitraum", "Zeitraum", "Period", last_write, period},
    {12, "priority", "prioritaet", "Priorität", "Priority", last_write, integer, false, Personal::no, 1, 3},
    {13, "met_by", "gedeckt_durch", "gedeckt durch", "Met by", set, reference, false, Personal::no, 0, 0, {},
     kinds::offer},
    {14, "status", "stand", "Stand", "Status", multi_value, enumeration, false, Personal::no, 0, 0, status_of_need},
};

inline constexpr std::int64_t key_max = 1024;  // bytes of a natural key

inline constexpr Field count_fields[] = {
    {1, "key", "schluessel", "Schlüssel", "Key", last_write, text, true, Personal::no, 1, key_max},
    {2, "value", "wert", "Anzahl", "Number", multi_value, integer, false, Personal::no, 0, 1'000'000'000'000, {}, 0,
     "anzahl,number"},
    {3, "tally", "strichliste", "Strichliste", "Tally", counter, integer, false, Personal::no, 0, 1'000'000'000'000},
    {4, "unknown", "keine_angabe", "keine Angabe möglich", "Cannot be stated", last_write, boolean, false, Personal::no, 0,
     1},
    {5, "stock_day", "stichtag", "Stichtag", "Day of the stock", last_write, date},
    {6, "scope_note", "einschraenkung", "Einschränkung", "Scope note", last_write, text, false, Personal::no, 0, text_max},
    {7, "parent", "uebergruppe", "enthalten in", "Part of", last_write, text, false, Personal::no, 0, text_max},
    {8, "note", "bemerkung", "Bemerkung", "Note", last_write, text, false, Personal::office, 0, line_max},
    {9, "form_version", "erhebungsbogen", "Erhebungsbogen", "Form version", last_write, text, false, Personal::no, 0,
     text_max},
};

inline constexpr Field month_return_fields[] = {
    {1, "key", "schluessel", "Schlüssel", "Key", last_write, text, true, Personal::no, 1, key_max},
    {2, "state", "stand", "Stand", "State", multi_value, enumeration, false, Personal::no, 0, 0, state_of_return},
    {3, "complete", "vollstaendig", "vollständige Abschnitte", "Complete sections", set, text, false, Personal::no, 1,
     text_max, {}, 0, "complete_flags"},
    {4, "reported_at", "gemeldet_um", "gemeldet um", "Reported at", last_write, instant},
    {5, "revision", "fassung", "Fassung", "Revision", last_write, integer, false, Personal::no, 0, 1'000'000},
    {6, "digest", "pruefsumme", "Prüfsumme der Werte", "Digest of the values", last_write, digest},
    {7, "explanation", "erlaeuterung", "Erläuterung", "Explanation", last_write, long_text, false, Personal::no, 0,
     long_max},
};

inline constexpr Field return_review_fields[] = {
    {1, "key", "schluessel", "Schlüssel", "Key", last_write, text, true, Personal::no, 1, key_max},
    {2, "received_at", "eingegangen_um", "eingegangen um", "Received at", last_write, instant},
    {3, "queries", "rueckfragen", "Rückfragen", "Queries", set, text, false, Personal::no, 1, line_max, {}, 0,
     "queried,rueckfrage"},
    {4, "accepted_at", "angenommen_um", "angenommen um", "Accepted at", last_write, instant},
    {5, "accepted_revision", "angenommene_fassung", "angenommene Fassung", "Accepted revision", last_write, integer, false,
     Personal::no, 0, 1'000'000},
    {6, "accepted_digest", "angenommene_pruefsumme", "angenommene Prüfsumme", "Accepted digest", last_write, digest},
    {7, "locked", "gesperrt", "gesperrt", "Locked", last_write, boolean, false, Personal::no, 0, 1},
    {8, "reopened_reason", "geoeffnet_weil", "wieder geöffnet, weil", "Reopened because", last_write, text, false,
     Personal::no, 0, line_max, {}, 0, "grund"},
    // key of a count, U+001F, its number (empty: unknown): what reports show while the month is locked
    {9, "accepted_values", "angenommene_werte", "angenommene Werte", "Accepted values", set, text, false, Personal::no, 1,
     key_max + 32},
};

inline constexpr Field consent_fields[] = {
    {1, "key", "schluessel", "Schlüssel", "Key", last_write, text, true, Personal::no, 1, key_max},
    {2, "state", "stand", "Stand", "State", multi_value, enumeration, false, Personal::no, 0, 0, state_of_consent},
    {3, "document_digest", "erteilt_zu_fassung", "erteilt zu Fassung", "Digest of the text", multi_value, digest},
    {4, "decided_on", "beschluss_vom", "Ratsbeschluss vom", "Decided on", multi_value, date, false, Personal::no, 0, 0, {},
     0, "beschluss"},
    {5, "decided_by", "gremium", "Gremium", "Decided by", last_write, enumeration, false, Personal::no, 0, 0,
     body_deciding},
    {6, "reference", "aktenzeichen", "Vorlage/Aktenzeichen", "Reference", last_write, text, false, Personal::no, 0,
     text_max, {}, 0, "vorlage"},
    {7, "conditions", "auflagen", "Auflagen, Vorbehalte", "Conditions", last_write, long_text, false, Personal::no, 0,
     long_max},
    {8, "conditions_met_on", "auflagen_erfuellt_am", "Auflagen erfüllt am", "Conditions met on", last_write, date},
    {9, "reason", "begruendung", "Begründung", "Reason", last_write, long_text, false, Personal::no, 0, long_max, {}, 0,
     "grund"},
    {10, "signed_by_role", "gezeichnet_von", "Funktion der zeichnenden Person", "Signed by (role)", last_write, text,
     false, Personal::office, 0, text_max},
    {11, "evidence", "nachweis", "Nachweis", "Evidence", set, attachment, false, Personal::office, 0, line_max},
};

inline constexpr Field consent_subject_fields[] = {
    {1, "kind", "art", "Art", "Kind", last_write, enumeration, true, Personal::no, 0, 0, kind_of_subject},
    {2, "title", "titel", "Titel", "Title", last_write, text, true, Personal::no, 1, text_max},
    {3, "description", "beschreibung", "Beschreibung", "Description", last_write, long_text, false, Personal::no, 0,
     long_max},
    {4, "version_ref", "fassung", "Fassung", "Version", last_write, text, false, Personal::no, 0, text_max},
    {5, "document_digest", "pruefsumme", "Prüfsumme des Textes", "Digest of the text", last_write, digest},
    {6, "opened_on", "eroeffnet_am", "eröffnet am", "Opened on", last_write, date},
    {7, "wanted_by", "erbeten_bis", "erbeten bis", "Wanted by", last_write, date, false, Personal::no, 0, 0, {}, 0, "bis"},
    {8, "asked", "gefragt", "gefragt", "Asked", set, ags},
    {9, "required", "erforderlich", "erforderlich", "Required", last_write, boolean, false, Personal::no, 0, 1},
    {10, "closed_on", "geschlossen_am", "geschlossen am", "Closed on", last_write, date},
    {11, "document", "dokument", "Dokument", "Document", set, attachment, false, Personal::no, 0, line_max},
};

inline constexpr Field actor_fields[] = {
    {1, "name", "name", "Name", "Name", last_write, text, true, Personal::no, 1, text_max, {}, 0, "title,titel"},
    {2, "kind", "art", "Art", "Kind", last_write, enumeration, false, Personal::no, 0, 0, kind_of_actor},
    {3, "ags", "ags", "Gemeinde", "Municipality", last_write, ags, false, Personal::no, 0, 0, {}, 0, "gemeinde"},
    {4, "address", "anschrift", "Anschrift", "Address", last_write, text, false, Personal::office, 0, line_max, {}, 0,
     "adresse"},
    {5, "url", "internet", "Internet", "Web", last_write, text, false, Personal::office, 0, line_max, {}, 0,
     "web,homepage"},
    {6, "phone", "telefon", "Telefon", "Phone", last_write, text, false, Personal::office, 0, text_max},
    {7, "email", "email", "E-Mail", "Email", last_write, text, false, Personal::office, 0, text_max, {}, 0, "mail"},
    {8, "contact_person", "ansprechperson", "Ansprechperson", "Contact person", last_write, text, false, Personal::yes, 0,
     text_max},
    {9, "topics", "themen", "Themen", "Topics", set, text, false, Personal::no, 1, text_max, {}, 0, "topic,thema"},
    {10, "languages", "sprachen", "Sprachen", "Languages", set, language, false, Personal::no, 0, 0, {}, 0,
     "language,sprache"},
    {11, "active", "aktiv", "aktiv", "Active", last_write, boolean, false, Personal::no, 0, 1},
    {12, "consent_to_publish", "darf_veroeffentlicht_werden", "darf veröffentlicht werden", "May be published", last_write,
     boolean, false, Personal::no, 0, 1},
    {13, "consent_to_publish_on", "veroeffentlichung_erlaubt_am", "Veröffentlichung erlaubt am", "Publishing allowed on",
     last_write, date},
    {14, "external_ids", "fremde_kennungen", "fremde Kennungen", "External ids", set, external_id, false, Personal::no, 0,
     text_max, {}, 0, "external_id,kennung"},
    {15, "description", "beschreibung", "Beschreibung", "Description", last_write, long_text, false, Personal::no, 0,
     long_max},
    {16, "lat", "breite", "Breite", "Latitude", last_write, micro_degree, false, Personal::no, -90'000'000, 90'000'000},
    {17, "lon", "laenge", "Länge", "Longitude", last_write, micro_degree, false, Personal::no, -180'000'000, 180'000'000},
};

inline constexpr EnumValue erasure_reason[] = {
    {1, "request", "antrag", "Antrag der betroffenen Person", "Request of the person concerned", "art17"},
    {2, "retention", "frist", "Aufbewahrungsfrist abgelaufen", "Retention period over", "aufbewahrung"},
    {3, "unlawful", "unzulaessig", "unzulässig gespeichert", "Stored unlawfully"},
};

// What an order names is a place, never a value: it can be read by every member for ever.
inline constexpr std::int64_t number_max = 0xffff'ffff;
inline constexpr Field erasure_fields[] = {
    {1, "collection", "sammlung", "Sammlung", "Collection", last_write, integer, true, Personal::no, 1, number_max},
    {2, "counterpart", "gegenueber", "Gegenüber", "Counterpart", last_write, text, false, Personal::no, 0, 12},
    {3, "kind", "art", "Art des Eintrags", "Kind of record", last_write, integer, true, Personal::no, 1, number_max},
    {4, "record", "eintrag", "Eintrag", "Record", last_write, text, true, Personal::no, 32, 32},
    {5, "fields", "felder", "Felder", "Fields", set, integer, false, Personal::no, 0, number_max},
    {6, "reason", "grund", "Grund", "Reason", last_write, enumeration, true, Personal::no, 0, 0, erasure_reason},
    {7, "requested_at", "beantragt_am", "beantragt am", "Requested at", last_write, instant, true},
    {8, "effective_at", "wirksam_ab", "wirksam ab", "Effective from", last_write, instant, true},
    {9, "confirmed_at", "bestaetigt_am", "bestätigt am", "Confirmed at", last_write, instant},
    {10, "until", "werte_bis", "Werte bis", "Values until", last_write, instant, true},
    {11, "cells", "zellen", "einzelne Werte", "Single values", set, text, false, Personal::no, 1, text_max},
};
inline constexpr Field erasure_answer_fields[] = {
    {1, "owner", "mitglied", "Mitglied", "Member", last_write, ags, true},
    {2, "erasure", "loeschung", "Löschung", "Erasure", last_write, text, true, Personal::no, 32, 32},
    {3, "device", "geraet", "Gerät", "Device", last_write, text, true, Personal::no, 64, 64},
    {4, "done_at", "erledigt_am", "erledigt am", "Done at", last_write, instant, true},
    {5, "values", "werte", "gelöschte Werte", "Values erased", last_write, integer, false, Personal::no, 0, number_max},
    {6, "backups_until", "sicherungen_bis", "Sicherungen bis", "Backups until", last_write, date},
};

inline constexpr EnumValue archive_answers[] = {
    {registry::archive_answer::taken, "taken", "uebernommen", "übernommen", "Taken over", "uebernahme"},
    {registry::archive_answer::declined, "declined", "abgelehnt", "abgelehnt", "Declined", "ablehnung"},
};
// An item is a place and a digest of what was offered there, never a value (SPEC.md §13).
inline constexpr Field archive_offer_fields[] = {
    {1, "archive", "archiv", "Archiv", "Archive", last_write, text, true, Personal::no, 1, text_max},
    {2, "offered_at", "angeboten_am", "angeboten am", "Offered at", last_write, instant, true},
    {3, "decide_by", "frist_bis", "Frist bis", "Answer due by", last_write, date, true},
    {4, "items", "positionen", "Positionen", "Items", set, text, true, Personal::no, 1, text_max},
    {5, "answer", "antwort", "Antwort", "Answer", last_write, enumeration, false, Personal::no, 0, 0, archive_answers},
    {6, "answered_on", "beantwortet_am", "beantwortet am", "Answered on", last_write, date},
    {7, "taken", "uebernommen", "übernommene Positionen", "Items taken over", set, text, false, Personal::no, 1, text_max},
    {8, "declined", "abgelehnt", "abgelehnte Positionen", "Items declined", set, text, false, Personal::no, 1, text_max},
};

// Templates for all languages of a block; their numbers are computed.
inline constexpr Field title_translation = {fields::translated_title, "title", "titel", "Titel (Übersetzung)",
                                            "Title (translation)", last_write, text, false, Personal::no, 0, text_max};
inline constexpr Field text_translation = {fields::translated_text, "text", "text", "Text (Übersetzung)",
                                           "Text (translation)", last_write, long_text, false, Personal::no, 0, long_max};

// ---- natural keys --------------------------------------------------------------------------------------------------

inline constexpr KeyPart count_key[] = {
    {"ags", "gemeinde", ags, true, {}, "Gemeinde", "Municipality"},
    {"period", "zeitraum", period, true, {}, "Zeitraum", "Period"},
    {"scope", "bereich", text, false, {}, "Bereich", "Scope"},
    {"measure", "messgroesse", enumeration, true, measure, "Messgröße", "Measure"},
    {"age_band", "alter", text, false, {}, "Alter", "Age band"},
    {"school_type", "schulform", enumeration, false, school_type, "Schulform", "School type"},
    {"origin", "herkunft", country, false, {}, "Herkunft", "Origin"},
    {"origin_key", "herkunft_schluessel", text, false, {}, "Herkunftsschlüssel", "Origin key"},
    {"language", "sprache", language, false, {}, "Sprache", "Language"},
    {"sex", "geschlecht", enumeration, false, sex, "Geschlecht", "Sex"},
};
inline constexpr KeyPart month_key[] = {
    {"ags", "gemeinde", ags, true, {}, "Gemeinde", "Municipality"},
    {"period", "monat", month, true, {}, "Monat", "Month"},
};
inline constexpr KeyPart consent_key[] = {
    {"ags", "gemeinde", ags, true, {}, "Gemeinde", "Municipality"},
    {"subject", "gegenstand", reference, true, {}, "Gegenstand", "Subject"},
};

// ---- kinds ---------------------------------------------------------------------------------------------------------

inline constexpr Kind all[] = {
    {kinds::note, "note", "vermerk", "Vermerk", "Note", Collection{}, Home::either, "", note_fields},
    {kinds::offer, "offer", "angebot", "Angebot", "Offer", Collection::offers, Home::either, "A", offer_fields},
    {kinds::need, "need", "bedarf", "Bedarf", "Need", Collection::needs, Home::either, "B", need_fields},
    {kinds::count, "count", "zahl", "Zahl", "Count", Collection::counts, Home::either, "Z", count_fields, count_key},
    {kinds::month_return, "month_return", "monatsmeldung", "Monatsmeldung", "Monthly return", Collection::counts,
     Home::municipality, "M", month_return_fields, month_key},
    {kinds::return_review, "return_review", "meldungspruefung", "Prüfung der Monatsmeldung", "Review of a return",
     Collection::counts, Home::area_about, "P", return_review_fields, month_key},
    {kinds::consent, "consent", "einvernehmen", "Einvernehmen", "Consent", Collection::consents, Home::municipality, "E",
     consent_fields, consent_key},
    {kinds::consent_subject, "consent_subject", "gegenstand", "Gegenstand des Einvernehmens", "Subject of consent",
     Collection::consents, Home::area, "S", consent_subject_fields},
    {kinds::actor, "actor", "akteur", "Akteur", "Actor", Collection::actors, Home::either, "T", actor_fields},
    {kinds::paper_consent, "paper_consent", "papier_einvernehmen", "Einvernehmen auf Papier", "Consent on paper",
     Collection::consents, Home::area, "PE", consent_fields, consent_key},
    {kinds::paper_return, "paper_return", "papier_zahl", "Zahl auf Papier", "Count on paper", Collection::counts,
     Home::area_about, "PZ", count_fields, count_key},
    {kinds::erasure, "erasure", "loeschung", "Löschung", "Erasure", collections::erasures, Home::either, "L",
     erasure_fields},
    {kinds::erasure_answer, "erasure_answer", "loeschantwort", "Antwort auf eine Löschung", "Answer to an erasure",
     collections::erasure_answers, Home::either, "LA", erasure_answer_fields},
    {kinds::archive_offer, "archive_offer", "anbietung", "Anbietung an das Archiv", "Offer to the archive", collections::erasures,
     Home::either, "AB", archive_offer_fields},
};

struct Reserved {
  std::uint32_t number;
  std::string_view name;
};
inline constexpr Reserved reserved[] = {
    {11, "kiz_area"},         {12, "municipality"},   {13, "category"},        {14, "ruleset"},
    {15, "duplicate_verdict"}, {16, "concept"},       {17, "concept_version"}, {18, "focus"},
    {19, "measure"},          {20, "post"},           {21, "grant"},           {22, "report"},
    {23, "activity"},         {24, "body"},           {25, "seat"},            {26, "event"},
    {27, "school_places"},    {28, "paper_course"},   {29, "association_grant"}, {30, "town_post"},
    {31, "expectation"},      {32, "programme"},      {33, "attachment"},      {34, "release"},
    {35, "receipt"},          {36, "checkpoint"},     {37, "form_version"},    {38, "career_estimate"},
};

}  // namespace kiz::registry::tables
