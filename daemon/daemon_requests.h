// What requests over the control socket mean to the daemon itself: exchange with others, set-up, its own life.
// All others go to the replica as they are (libclient/requests.h).
#pragma once

#include <asio.hpp>

#include "libclient/requests.h"

namespace kiz {

class Server;

/// The envelope that answers one request. Waits where the request asks for it, everything else goes on meanwhile.
///
///   sync            {"wait"?, "timeout_ms"?: 60000}   data: {"peers", "pending", "in_sync"}
///                   with wait: E_UNREACHABLE (exit 15) unless all is exchanged in time; on the Kreis's node exit 3 and
///                   W_PEERS_MISSING where only a part of the members could be reached
///   setup, join     libclient/requests_setup.h. join waits for the membership: {"timeout_ms"?: 60000};
///                   data also: {"joined", "member", "member_name", "realm", "confirmation"?: "123456"}
///   member.waiting  data: {"waiting": [{"code", "device", "address"}]}: devices that a person must confirm
///   member.confirm  {"ref": "123456", "reject"?}: the code shown on the device's own screen. data: {"ref", "member_name"}
///   daemon.status   data: {"version", "pid", "set_up", "offline", "listen", "connections", "garbage", "peers"}
///   config.show     data: config_json(): what this daemon runs with, and where each value comes from
///   shutdown        ends the daemon in order
/// `watch` is told how far a long request has come; what it throws ends the request and changes nothing.
asio::awaitable<Json> answer_request(Server& server, Json request, Caller caller, Watch watch = {});

}  // namespace kiz
