// Result<T>: a value or an Error. What a peer, a file or a person got wrong is returned, never thrown.
// The codes are one table shared by protocol, command line, log, metrics and documentation (SPEC.md, "Refusals").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "kiz/assert.h"

namespace kiz {

/// Why something was refused. Append only: numbers travel between replicas and stand in scripts.
enum class Errc : unsigned short {
  ok = 0,
  // bytes
  malformed = 1,        // not the bytes of this structure
  not_canonical = 2,    // a second spelling of something that has exactly one
  over_limit = 3,       // a documented bound is exceeded
  unknown_version = 4,  // written by a newer program, or by one too old
  // history
  broken_chain = 10,   // a backlink does not lead to the entry before
  bad_signature = 11,  // the signature does not belong to author and content
  gap = 12,            // entries between are missing
  fork = 13,           // a second branch of a log
  not_permitted = 14,  // no right for this
  unknown_log = 15,    // log or space that nobody granted
  foreign_realm = 16,  // belongs to another Kreis
  revoked = 17,        // the device was locked out
  expired = 18,        // the membership has ended
  control_forked = 19,  // two branches of the control log in one epoch: nothing is added before the root has decided
  // session
  bad_handshake = 20,
  unexpected_message = 21,
  silent_peer = 22,
  version_refused = 23,
  control_unconfirmed = 24,  // the Kreis was put back from a backup: nothing is decided before a member has shown its control log
  below_checkpoint = 25,     // would end a log before a checkpoint that others have relied on
  set_aside = 26,  // this program has failed on it twice; its log pauses here until an upgrade
  put_off = 27,    // more of one device than is taken at once; offered again later, it is taken
  // enrolment
  invite_used = 30,
  invite_expired = 31,
  invite_altered = 32,
  invite_foreign = 33,
  invite_void = 34,    // five wrong check numbers
  wrong_check = 35,
  invite_unknown = 36,
  // people and files
  invalid_input = 40,  // a field, an argument, a file: line, column and reason stand in the context
  not_found = 41,
  ambiguous = 42,      // a short reference that fits several records
  conflict_open = 43,  // needs a person to choose first
  not_set_up = 44,
  already_set_up = 45,
  wrong_key = 46,      // key or passphrase does not open the store
  bad_clock = 47,      // this machine's clock is implausible; nothing is signed
  usage = 48,
  unreachable = 49,    // no peer, or not confirmed in time
  // machine
  store_in_use = 60,
  no_space = 61,
  io_error = 62,
  damaged = 63,        // integrity of the store
  store_too_new = 64,
  internal = 65,
};

/// Stable name for JSON and logs, e.g. "E_NOT_PERMITTED".
std::string_view name(Errc code);
/// Exit code of `kiz` for this refusal (CLI contract).
int exit_code(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string context;  // which thing ("run", "line 3, column 7"), never a value, a name or a key
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: meant to convert
  Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}  // NOLINT
  Result(Errc code) : held_(std::in_place_index<1>, Error{code, {}}) {}  // NOLINT

  explicit operator bool() const { return held_.index() == 0; }
  T& operator*() & { KIZ_ASSERT(*this); return std::get<0>(held_); }
  const T& operator*() const& { KIZ_ASSERT(*this); return std::get<0>(held_); }
  T&& operator*() && { KIZ_ASSERT(*this); return std::get<0>(std::move(held_)); }
  T* operator->() { KIZ_ASSERT(*this); return &std::get<0>(held_); }
  const T* operator->() const { KIZ_ASSERT(*this); return &std::get<0>(held_); }
  const Error& error() const { KIZ_ASSERT(!*this); return std::get<1>(held_); }

 private:
  std::variant<T, Error> held_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  Result(Errc code) : error_(Error{code, {}}) {}  // NOLINT
  explicit operator bool() const { return !error_; }
  const Error& error() const { KIZ_ASSERT(error_); return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace kiz
