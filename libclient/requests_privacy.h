// Requests about what may not be kept any longer, and the archive's say in it: requests_privacy.cc.
#pragma once

#include "libclient/archive_offer.h"
#include "libclient/request_support.h"

namespace kiz {

std::vector<RequestKind> privacy_requests();

namespace privacy {

/// Nullopt where retention does not stand in the way of an order with this reason; else why not, and what comes first.
std::optional<Refusal> bar_of(const archive::Verdict& verdict);

}  // namespace privacy
}  // namespace kiz
