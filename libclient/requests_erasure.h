// Requests about personal data, from ordering an erasure to what is due: requests_erasure.cc.
#pragma once

#include "libclient/requests.h"

namespace kiz {

std::vector<RequestKind> erasure_requests();

/// What is said where an erasure, or an offer to the archive, was not accepted by the store.
Refusal cannot_order(const Error& error);

}  // namespace kiz
