// The requests about the rules of the realm (realm_rules.h).
#pragma once

#include "libclient/requests.h"

namespace kiz {

/// rule.list   data: {"rules": [{"name", "value": number or bool, "default", "decided", "label", "meaning"}]}
/// rule.set    {"fields": [{"field": name, "op": "=", "text"}]}, of the Kreis alone, all of them or none
///             data: {"rules": [as rule.list, those that were named], "changed": [name]}
std::vector<RequestKind> rule_requests();

}  // namespace kiz
