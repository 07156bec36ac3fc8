// Counts, totals and returns as JSON, and remarks as warnings: one shape in all replies and reports. Keys are frozen.
#pragma once

#include "libclient/count_store.h"
#include "libclient/requests.h"

namespace kiz::counts {

/// {"id", "member", "member_name", "period", "measure", "label", "stock", "scope", "age_band", "school_type", "origin",
///  "origin_key", "language", "sex", "cell", "reading", "value", "tally", "values": [...], "unknown", "parent",
///  "scope_note", "note", "stock_day", "paper", "replaced"}
/// A dimension that is not used, and a text that is empty, is null. "value" is null unless the reading is "stated".
/// "values" is there for disputed counts: [{"value", "tally", "member", "member_name", "device", "actor", "time"}].
/// "cell" is how `kiz zahlen eintragen` names it.
Json to_json(const Replica& replica, const Count& count, bool german);

/// {"measure", "label", "stock", "as_of", "value", "cells", "unknown", "disputed", "mixed", "additive"}
/// "value" is the sum of all that is clear, null when there is none; "disputed" and "unknown" count the cells left out.
Json to_json(const Total& total, bool german);

/// {"member", "member_name", "month", "state", "revision", "conflict", "changed_since", "paper", "cells", "reported_at",
///  "accepted_at", "accepted_revision", "locked", "explanation", "reopened_reason", "queries": [{"revision", "cells",
///  "text", "time"}]}
Json to_json(const MemberId& member, const std::string& member_name, const std::string& month, const Month& held);

/// "W_PLACED_TOO_MANY", "W_WAITING_DIFFERS", "W_OUTLIER", "W_MIXED_DIMENSIONS"
Warning to_warning(const Remark& remark, bool german);

}  // namespace kiz::counts
