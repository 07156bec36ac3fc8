// Whether somebody listens at an address: what `kiz doctor --network` tries. Nothing is sent.
#pragma once

#include <chrono>
#include <string>

namespace kiz::cli {

enum class Reach { open, unknown_name, refused, silent, no_route };

/// `address`: "host:port" or "[::1]:port". Looks the name up and opens a connection, within about `limit`.
Reach reach(const std::string& address, std::chrono::milliseconds limit);

}  // namespace kiz::cli
