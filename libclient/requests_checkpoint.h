// Requests about checkpoints, by which superseded values go: requests_checkpoint.cc.
#pragma once

#include "libclient/requests.h"

namespace kiz {

std::vector<RequestKind> checkpoint_requests();

}  // namespace kiz
