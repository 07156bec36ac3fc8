// The reports on what a Kreis and its towns hold: monthly report, returns, register of offers, consents. Each is one JSON
// object with figures, their sources and the state of knowledge; texts for screens are made by the command line, CSV and
// HTML here. Keys are frozen.
#pragma once

#include <string>
#include <vector>

#include "libclient/csv.h"
#include "libclient/request_support.h"
#include "libclient/requests.h"

namespace kiz::reports {

enum class Audience : std::uint8_t { internal, land, open };  // open: the public

struct Setting {
  Audience audience = Audience::internal;
  bool protect = false;
  bool german = true;
};
std::string_view name(Audience audience);  // "internal", "land", "public": JSON

/// How much is known of each member: [{"member", "member_name", "last", "days"}], last null for one never heard of.
/// The newest time that stands in the member's own spaces as held here; own replica included.
Json knowledge(const Replica& replica, const std::vector<request::Town>& towns);

/// {"report": "month", "month", "realm", "audience", "protected", "provisional", "own_only", "generated_at",
///  "measures": [{"measure", "label", "stock", "value", "mask", "cells", "unknown", "disputed", "mixed", "additive",
///    "by_member": [{"member", "member_name", "value", "mask", "disputed", "unknown"}],
///    "by": {"age_band": [{"key", "label", "value", "mask"}], ...}}],
///  "unclear": [{"member", "member_name", "measure", "label", "cell", "values"}],
///  "returns": {"expected", "handed_in", "accepted", "missing": [names], "sources": [{"member", "member_name", "state",
///    "revision", "digest"}]},
///  "offers": {"active", "new", "ended", "confirmed", "overdue"},
///  "consents": [{"ref", "title", "summary"}], "knowledge": [...]}
/// value is null and mask "under_3" or "withheld" where it is not shown. provisional: some month is not locked yet.
/// own_only: this replica holds one town's numbers, its own. Protected: digests, and cell and values of unclear numbers, are
/// null.
/// conflicts   set to the number of disputed counts and returns of the month
Json month(const Replica& replica, const std::string& month, const Setting& setting, std::size_t& conflicts);

/// {"report": "returns", "month", "realm", "due_on", "generated_at", "expected", "handed_in", "late", "missing": [names],
///  "queried", "accepted", "locked", "members": [return + {"late", "days_late", "last", "days"}]}
Json returns(const Replica& replica, const std::string& month);

/// Which offers a register lists. Empty parts mean all.
struct OfferFilter {
  std::string member, kind, language;  // member id, English name of the kind, ISO 639-3
  bool all = false;                    // ended ones too
};
/// {"report": "offers", "realm", "audience", "generated_at", "count", "overdue", "members": [{"member", "member_name",
///  "offers": [{"ref", "id", fields..., "overdue"}]}], "knowledge": [...]}
/// For anybody but the office itself only what is marked public, without names of persons.
Json offers(const Replica& replica, const OfferFilter& filter, const Setting& setting, std::size_t& conflicts);

/// {"report": "consents", "realm", "audience", "generated_at", "subjects": [as consent.status], "knowledge": [...]}
Json consents(const Replica& replica, const std::string& subject_id, const Setting& setting, std::size_t& conflicts);

/// New, ended and confirmed in this month, active and overdue today.
Json offer_movements(const Replica& replica, const std::string& month);

/// One report as a table: the same for CSV and HTML.
struct Table {
  std::string title;
  std::vector<std::string> notes;  // what a reader must know: protection, provisional, unclear, stand of knowledge
  std::vector<std::string> header;
  std::vector<std::vector<csv::Out>> rows;
};
Table table(const Json& report, bool german);
std::string to_csv(const Table& table, const csv::Dialect& dialect);
std::string to_html(const Table& table, bool german);
/// errors: those of xlsx::write
Result<std::string> to_xlsx(const Table& table);

}  // namespace kiz::reports
