// Requests about bundles: requests_bundle.cc.
#pragma once

#include "libclient/requests.h"

namespace kiz {

std::vector<RequestKind> bundle_requests();

}  // namespace kiz
