// The parts of the requests on offers and needs; joined by offer_requests() (requests.h).
#pragma once

#include "libclient/request_support.h"
#include "libclient/requests.h"
#include "protocol/registry.h"

namespace kiz {

std::vector<RequestKind> offer_table_requests();  // requests_offer_table.cc: import and export

}  // namespace kiz
