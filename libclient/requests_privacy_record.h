// Requests that account for personal data: the register of processing, and the log of erasures: requests_privacy_record.cc.
#pragma once

#include "libclient/requests.h"

namespace kiz {

std::vector<RequestKind> privacy_record_requests();

}  // namespace kiz
