// Counts from tables and into tables.

#include <algorithm>

#include "libclient/count_json.h"
#include "libclient/dates.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/requests_count.h"
#include "libclient/translate.h"
#include "protocol/membership.h"

namespace kiz {
std::vector<RequestKind> count_table_requests() { return {}; }
}  // namespace kiz
