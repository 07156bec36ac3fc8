// Who speaks on the control socket: the kernel says which user, the configuration says what that user may do.
#pragma once

#include "daemon/config.h"
#include "libclient/requests.h"

namespace kiz {

struct LocalUser {
  LocalRole role = LocalRole::none;
  std::string name;  // "anna (1001)"
};

/// The user at the other end of a connected local socket. Root and the user whom the store belongs to may do all.
LocalUser local_user(int socket, const Config& config);

}  // namespace kiz
