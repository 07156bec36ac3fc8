// Requests about personal data, from ordering an erasure to what is due: requests_erasure.cc.
#pragma once

#include "libclient/requests.h"

namespace kiz {

std::vector<RequestKind> erasure_requests();

}  // namespace kiz
