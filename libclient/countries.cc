#include "libclient/countries.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "libclient/iso_codes.h"
#include "protocol/registry.h"

namespace kiz::countries {
namespace {

struct State {
  int key;  // Destatis
  std::string_view code;
  std::string_view german;  // empty: not one state
  std::string_view english;
};

// The keys are those of the Staats- und Gebietssystematik of the Federal Statistical Office. Names are the usual short
// ones. A later row of the same code has the name that is shown.
constexpr State table[] = {
    {0, "DEU", "Deutschland", "Germany"},
    {121, "ALB", "Albanien", "Albania"},
    {122, "BIH", "Bosnien und Herzegowina", "Bosnia and Herzegovina"},
    {123, "AND", "Andorra", "Andorra"},
    {124, "BEL", "Belgien", "Belgium"},
    {125, "BGR", "Bulgarien", "Bulgaria"},
    {126, "DNK", "Dänemark", "Denmark"},
    {127, "EST", "Estland", "Estonia"},
    {128, "FIN", "Finnland", "Finland"},
    {129, "FRA", "Frankreich", "France"},
    {130, "HRV", "Kroatien", "Croatia"},
    {131, "SVN", "Slowenien", "Slovenia"},
    {132, "SCG", "Serbien und Montenegro", "Serbia and Montenegro"},
    {133, "SRB", "Serbien (einschl. Kosovo)", "Serbia (including Kosovo)"},
    {134, "GRC", "Griechenland", "Greece"},
    {135, "IRL", "Irland", "Ireland"},
    {136, "ISL", "Island", "Iceland"},
    {137, "ITA", "Italien", "Italy"},
    {138, "YUG", "Jugoslawien", "Yugoslavia"},
    {139, "LVA", "Lettland", "Latvia"},
    {140, "MNE", "Montenegro", "Montenegro"},
    {141, "LIE", "Liechtenstein", "Liechtenstein"},
    {142, "LTU", "Litauen", "Lithuania"},
    {143, "LUX", "Luxemburg", "Luxembourg"},
    {144, "MKD", "Nordmazedonien", "North Macedonia"},
    {145, "MLT", "Malta", "Malta"},
    {146, "MDA", "Moldau", "Moldova"},
    {147, "MCO", "Monaco", "Monaco"},
    {148, "NLD", "Niederlande", "Netherlands"},
    {149, "NOR", "Norwegen", "Norway"},
    {150, "XKX", "Kosovo", "Kosovo"},
    {151, "AUT", "Österreich", "Austria"},
    {152, "POL", "Polen", "Poland"},
    {153, "PRT", "Portugal", "Portugal"},
    {154, "ROU", "Rumänien", "Romania"},
    {155, "SVK", "Slowakei", "Slovakia"},
    {156, "SMR", "San Marino", "San Marino"},
    {157, "SWE", "Schweden", "Sweden"},
    {158, "CHE", "Schweiz", "Switzerland"},
    {159, "SUN", "Sowjetunion", "Soviet Union"},
    {160, "RUS", "Russland", "Russia"},
    {161, "ESP", "Spanien", "Spain"},
    {162, "CSK", "Tschechoslowakei", "Czechoslovakia"},
    {163, "TUR", "Türkei", "Turkey"},
    {164, "CZE", "Tschechien", "Czechia"},
    {165, "HUN", "Ungarn", "Hungary"},
    {166, "UKR", "Ukraine", "Ukraine"},
    {167, "VAT", "Vatikanstadt", "Vatican City"},
    {168, "GBR", "Vereinigtes Königreich", "United Kingdom"},
    {169, "BLR", "Belarus", "Belarus"},
    {170, "SRB", "Serbien", "Serbia"},
    {181, "CYP", "Zypern", "Cyprus"},
    {195, "XXX", "", ""},
    {199, "XXX", "", ""},
    {221, "DZA", "Algerien", "Algeria"},
    {223, "AGO", "Angola", "Angola"},
    {224, "ERI", "Eritrea", "Eritrea"},
    {225, "ETH", "Äthiopien", "Ethiopia"},
    {226, "LSO", "Lesotho", "Lesotho"},
    {227, "BWA", "Botsuana", "Botswana"},
    {229, "BEN", "Benin", "Benin"},
    {230, "DJI", "Dschibuti", "Djibouti"},
    {231, "CIV", "Elfenbeinküste", "Ivory Coast"},
    {232, "NGA", "Nigeria", "Nigeria"},
    {233, "ZWE", "Simbabwe", "Zimbabwe"},
    {236, "GAB", "Gabun", "Gabon"},
    {237, "GMB", "Gambia", "Gambia"},
    {238, "GHA", "Ghana", "Ghana"},
    {239, "MRT", "Mauretanien", "Mauritania"},
    {242, "CPV", "Cabo Verde", "Cape Verde"},
    {243, "KEN", "Kenia", "Kenya"},
    {244, "COM", "Komoren", "Comoros"},
    {245, "COG", "Kongo", "Congo"},
    {246, "COD", "Demokratische Republik Kongo", "Democratic Republic of the Congo"},
    {247, "LBR", "Liberia", "Liberia"},
    {248, "LBY", "Libyen", "Libya"},
    {249, "MDG", "Madagaskar", "Madagascar"},
    {251, "MLI", "Mali", "Mali"},
    {252, "MAR", "Marokko", "Morocco"},
    {253, "MUS", "Mauritius", "Mauritius"},
    {254, "MOZ", "Mosambik", "Mozambique"},
    {255, "NER", "Niger", "Niger"},
    {256, "MWI", "Malawi", "Malawi"},
    {257, "ZMB", "Sambia", "Zambia"},
    {258, "BFA", "Burkina Faso", "Burkina Faso"},
    {259, "GNB", "Guinea-Bissau", "Guinea-Bissau"},
    {261, "GIN", "Guinea", "Guinea"},
    {262, "CMR", "Kamerun", "Cameroon"},
    {263, "ZAF", "Südafrika", "South Africa"},
    {265, "RWA", "Ruanda", "Rwanda"},
    {267, "NAM", "Namibia", "Namibia"},
    {268, "STP", "São Tomé und Príncipe", "Sao Tome and Principe"},
    {269, "SEN", "Senegal", "Senegal"},
    {271, "SYC", "Seychellen", "Seychelles"},
    {272, "SLE", "Sierra Leone", "Sierra Leone"},
    {273, "SOM", "Somalia", "Somalia"},
    {274, "GNQ", "Äquatorialguinea", "Equatorial Guinea"},
    {276, "SDN", "Sudan (einschl. Südsudan)", "Sudan (including South Sudan)"},
    {277, "SDN", "Sudan", "Sudan"},
    {278, "SSD", "Südsudan", "South Sudan"},
    {281, "SWZ", "Eswatini", "Eswatini"},
    {282, "TZA", "Tansania", "Tanzania"},
    {283, "TGO", "Togo", "Togo"},
    {284, "TCD", "Tschad", "Chad"},
    {285, "TUN", "Tunesien", "Tunisia"},
    {286, "UGA", "Uganda", "Uganda"},
    {287, "EGY", "Ägypten", "Egypt"},
    {289, "CAF", "Zentralafrikanische Republik", "Central African Republic"},
    {291, "BDI", "Burundi", "Burundi"},
    {295, "XXX", "", ""},
    {299, "XXX", "", ""},
    {320, "ATG", "Antigua und Barbuda", "Antigua and Barbuda"},
    {322, "BRB", "Barbados", "Barbados"},
    {323, "ARG", "Argentinien", "Argentina"},
    {324, "BHS", "Bahamas", "Bahamas"},
    {326, "BOL", "Bolivien", "Bolivia"},
    {327, "BRA", "Brasilien", "Brazil"},
    {328, "GUY", "Guyana", "Guyana"},
    {330, "BLZ", "Belize", "Belize"},
    {332, "CHL", "Chile", "Chile"},
    {333, "DMA", "Dominica", "Dominica"},
    {334, "CRI", "Costa Rica", "Costa Rica"},
    {335, "DOM", "Dominikanische Republik", "Dominican Republic"},
    {336, "ECU", "Ecuador", "Ecuador"},
    {337, "SLV", "El Salvador", "El Salvador"},
    {340, "GRD", "Grenada", "Grenada"},
    {345, "GTM", "Guatemala", "Guatemala"},
    {346, "HTI", "Haiti", "Haiti"},
    {347, "HND", "Honduras", "Honduras"},
    {348, "CAN", "Kanada", "Canada"},
    {349, "COL", "Kolumbien", "Colombia"},
    {351, "CUB", "Kuba", "Cuba"},
    {353, "MEX", "Mexiko", "Mexico"},
    {354, "NIC", "Nicaragua", "Nicaragua"},
    {355, "JAM", "Jamaika", "Jamaica"},
    {357, "PAN", "Panama", "Panama"},
    {359, "PRY", "Paraguay", "Paraguay"},
    {361, "PER", "Peru", "Peru"},
    {364, "SUR", "Suriname", "Suriname"},
    {365, "URY", "Uruguay", "Uruguay"},
    {366, "LCA", "St. Lucia", "Saint Lucia"},
    {367, "VEN", "Venezuela", "Venezuela"},
    {368, "USA", "Vereinigte Staaten", "United States"},
    {369, "VCT", "St. Vincent und die Grenadinen", "Saint Vincent and the Grenadines"},
    {370, "KNA", "St. Kitts und Nevis", "Saint Kitts and Nevis"},
    {371, "TTO", "Trinidad und Tobago", "Trinidad and Tobago"},
    {395, "XXX", "", ""},
    {399, "XXX", "", ""},
    {411, "HKG", "Hongkong", "Hong Kong"},
    {412, "MAC", "Macau", "Macao"},
    {421, "YEM", "Jemen", "Yemen"},
    {422, "ARM", "Armenien", "Armenia"},
    {423, "AFG", "Afghanistan", "Afghanistan"},
    {424, "BHR", "Bahrain", "Bahrain"},
    {425, "AZE", "Aserbaidschan", "Azerbaijan"},
    {426, "BTN", "Bhutan", "Bhutan"},
    {427, "MMR", "Myanmar", "Myanmar"},
    {429, "BRN", "Brunei", "Brunei"},
    {430, "GEO", "Georgien", "Georgia"},
    {431, "LKA", "Sri Lanka", "Sri Lanka"},
    {432, "VNM", "Vietnam", "Vietnam"},
    {434, "PRK", "Nordkorea", "North Korea"},
    {436, "IND", "Indien", "India"},
    {437, "IDN", "Indonesien", "Indonesia"},
    {438, "IRQ", "Irak", "Iraq"},
    {439, "IRN", "Iran", "Iran"},
    {441, "ISR", "Israel", "Israel"},
    {442, "JPN", "Japan", "Japan"},
    {444, "KAZ", "Kasachstan", "Kazakhstan"},
    {445, "JOR", "Jordanien", "Jordan"},
    {446, "KHM", "Kambodscha", "Cambodia"},
    {447, "QAT", "Katar", "Qatar"},
    {448, "KWT", "Kuwait", "Kuwait"},
    {449, "LAO", "Laos", "Laos"},
    {450, "KGZ", "Kirgisistan", "Kyrgyzstan"},
    {451, "LBN", "Libanon", "Lebanon"},
    {454, "MDV", "Malediven", "Maldives"},
    {456, "OMN", "Oman", "Oman"},
    {457, "MNG", "Mongolei", "Mongolia"},
    {458, "NPL", "Nepal", "Nepal"},
    {459, "PSE", "Palästinensische Gebiete", "Palestine"},
    {460, "BGD", "Bangladesch", "Bangladesh"},
    {461, "PAK", "Pakistan", "Pakistan"},
    {462, "PHL", "Philippinen", "Philippines"},
    {465, "TWN", "Taiwan", "Taiwan"},
    {467, "KOR", "Südkorea", "South Korea"},
    {469, "ARE", "Vereinigte Arabische Emirate", "United Arab Emirates"},
    {470, "TJK", "Tadschikistan", "Tajikistan"},
    {471, "TKM", "Turkmenistan", "Turkmenistan"},
    {472, "SAU", "Saudi-Arabien", "Saudi Arabia"},
    {474, "SGP", "Singapur", "Singapore"},
    {475, "SYR", "Syrien", "Syria"},
    {476, "THA", "Thailand", "Thailand"},
    {477, "UZB", "Usbekistan", "Uzbekistan"},
    {479, "CHN", "China", "China"},
    {482, "MYS", "Malaysia", "Malaysia"},
    {483, "TLS", "Timor-Leste", "East Timor"},
    {495, "XXX", "", ""},
    {499, "XXX", "", ""},
    {523, "AUS", "Australien", "Australia"},
    {524, "SLB", "Salomonen", "Solomon Islands"},
    {526, "FJI", "Fidschi", "Fiji"},
    {536, "NZL", "Neuseeland", "New Zealand"},
    {538, "PNG", "Papua-Neuguinea", "Papua New Guinea"},
    {541, "TON", "Tonga", "Tonga"},
    {543, "WSM", "Samoa", "Samoa"},
    {599, "XXX", "", ""},
    {997, "XXA", "", ""},
    {998, "XXX", "", ""},
    {999, "XXX", "", ""},
    {-1, "XXX", "", ""},
};

struct Special {
  std::string_view code;
  std::string_view german;
  std::string_view english;
};
constexpr Special specials[] = {
    {"XXA", "staatenlos", "stateless"},
    {"XXB", "Flüchtling (Genfer Konvention)", "refugee (1951 convention)"},
    {"XXC", "Flüchtling (sonstiger)", "refugee (other)"},
    {"XXX", "unbekannt", "unknown"},
};

// What lists call states besides.
constexpr std::pair<std::string_view, std::string_view> others[] = {
    {"mazedonien", "MKD"},      {"macedonia", "MKD"},          {"weissrussland", "BLR"},
    {"grossbritannien", "GBR"}, {"usa", "USA"},                {"russische_foederation", "RUS"},
    {"swasiland", "SWZ"},       {"tschechische_republik", "CZE"}, {"slowakische_republik", "SVK"},
    {"cote_d'ivoire", "CIV"},   {"palaestina", "PSE"},         {"staatenlose", "XXA"},
    {"ungeklaert", "XXX"},      {"ohne_angabe", "XXX"},
};

const Special* find_special(std::string_view code) {
  const auto at = std::find_if(std::begin(specials), std::end(specials), [&](const auto& s) { return s.code == code; });
  return at == std::end(specials) ? nullptr : at;
}

const State* find_state(std::string_view code) {
  const State* found = nullptr;
  for (const State& state : table) {
    if (state.code == code && !state.german.empty()) found = &state;
  }
  return found;
}

const iso_codes::Code* find_listed(std::string_view code) {
  for (const auto& entry : iso_codes::list("iso_3166-1")) {
    if (entry.alpha_3 == code) return &entry;
  }
  return nullptr;
}

std::string by_name(const std::string& wanted) {
  for (const State& state : table) {
    if (!state.german.empty() && (registry::fold(state.german) == wanted || registry::fold(state.english) == wanted)) {
      return std::string(state.code);
    }
  }
  for (const auto& [other, code] : others) {
    if (other == wanted) return std::string(code);
  }
  for (const Special& special : specials) {
    if (registry::fold(special.german) == wanted || special.english == wanted) return std::string(special.code);
  }
  for (const auto& entry : iso_codes::list("iso_3166-1")) {
    if (registry::fold(entry.alpha_2) == wanted || registry::fold(entry.english) == wanted ||
        (!entry.german.empty() && registry::fold(entry.german) == wanted)) {
      return entry.alpha_3;
    }
  }
  return {};
}

}  // namespace

std::optional<std::string> from_destatis(std::string_view key) {
  int number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
  for (const State& state : table) {
    if (state.key == number) return std::string(state.code);
  }
  return std::nullopt;
}

Read<std::string> resolve(std::string_view text, std::string_view field) {
  Complaint unknown{.code = Complaint::Code::unknown_country, .field = std::string(field), .given = std::string(text)};
  if (text.starts_with("destatis:")) {
    if (auto code = from_destatis(text.substr(9))) return *code;
    return unknown;
  }
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (known(upper)) return upper;
  if (auto code = by_name(registry::fold(text)); !code.empty()) return code;
  std::vector<std::string> names;
  for (const State& state : table) {
    if (state.german.empty()) continue;
    names.emplace_back(state.german);
    names.emplace_back(state.english);
  }
  unknown.suggestion = nearest(text, names);
  return unknown;
}

bool known(std::string_view code) { return find_state(code) || find_special(code) || find_listed(code); }

std::string name(std::string_view code, Tongue tongue) {
  const bool german = tongue == Tongue::german;
  if (const auto* special = find_special(code)) return std::string(german ? special->german : special->english);
  if (const auto* state = find_state(code)) return std::string(german ? state->german : state->english);
  const auto* listed = find_listed(code);
  if (!listed) return std::string(code);
  return german && !listed->german.empty() ? listed->german : listed->english;
}

}  // namespace kiz::countries
