#include "kiz/result.h"

#include <cstdio>
#include <cstdlib>

namespace kiz {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "kiz: internal error, stopped before anything wrong was written: %s (%s:%d)\n", expression, file,
               line);
  std::abort();
}

namespace {
struct Row {
  Errc code;
  std::string_view name;
  int exit;
};

constexpr Row rows[] = {
    {Errc::ok, "OK", 0},
    {Errc::malformed, "E_MALFORMED", 16},
    {Errc::not_canonical, "E_NOT_CANONICAL", 16},
    {Errc::over_limit, "E_OVER_LIMIT", 16},
    {Errc::unknown_version, "E_UNKNOWN_VERSION", 19},
    {Errc::broken_chain, "E_BROKEN_CHAIN", 16},
    {Errc::bad_signature, "E_BAD_SIGNATURE", 16},
    {Errc::gap, "E_GAP", 16},
    {Errc::fork, "E_FORK", 16},
    {Errc::not_permitted, "E_NOT_PERMITTED", 13},
    {Errc::unknown_log, "E_UNKNOWN_LOG", 13},
    {Errc::foreign_realm, "E_FOREIGN_REALM", 13},
    {Errc::revoked, "E_REVOKED", 13},
    {Errc::expired, "E_EXPIRED", 13},
    {Errc::control_forked, "E_CONTROL_FORKED", 18},
    {Errc::bad_handshake, "E_BAD_HANDSHAKE", 13},
    {Errc::unexpected_message, "E_UNEXPECTED_MESSAGE", 1},
    {Errc::silent_peer, "E_SILENT_PEER", 15},
    {Errc::version_refused, "E_VERSION_REFUSED", 19},
    {Errc::control_unconfirmed, "E_CONTROL_UNCONFIRMED", 15},
    {Errc::below_checkpoint, "E_BELOW_CHECKPOINT", 16},
    {Errc::set_aside, "E_SET_ASIDE", 1},
    {Errc::put_off, "E_PUT_OFF", 15},
    {Errc::invite_used, "E_INVITE_USED", 13},
    {Errc::invite_expired, "E_INVITE_EXPIRED", 13},
    {Errc::invite_altered, "E_INVITE_ALTERED", 16},
    {Errc::invite_foreign, "E_INVITE_FOREIGN", 13},
    {Errc::invite_void, "E_INVITE_VOID", 13},
    {Errc::wrong_check, "E_WRONG_CHECK", 13},
    {Errc::invite_unknown, "E_INVITE_UNKNOWN", 13},
    {Errc::invalid_input, "E_INVALID_INPUT", 16},
    {Errc::not_found, "E_NOT_FOUND", 4},
    {Errc::ambiguous, "E_AMBIGUOUS", 4},
    {Errc::conflict_open, "E_CONFLICT_OPEN", 14},
    {Errc::not_set_up, "E_NOT_SET_UP", 10},
    {Errc::already_set_up, "E_ALREADY_SET_UP", 16},
    {Errc::wrong_key, "E_WRONG_KEY", 12},
    {Errc::bad_clock, "E_BAD_CLOCK", 20},
    {Errc::usage, "E_USAGE", 2},
    {Errc::unreachable, "E_UNREACHABLE", 15},
    {Errc::store_in_use, "E_STORE_IN_USE", 11},
    {Errc::no_space, "E_NO_SPACE", 17},
    {Errc::io_error, "E_IO", 17},
    {Errc::damaged, "E_DAMAGED", 18},
    {Errc::store_too_new, "E_STORE_TOO_NEW", 19},
    {Errc::internal, "E_INTERNAL", 1},
};

const Row& row(Errc code) {
  for (const Row& r : rows) {
    if (r.code == code) return r;
  }
  return rows[sizeof rows / sizeof rows[0] - 1];
}
}  // namespace

std::string_view name(Errc code) { return row(code).name; }
int exit_code(Errc code) { return row(code).exit; }

}  // namespace kiz
