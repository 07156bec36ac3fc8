// Runs that came from the peer: bounded by the credit we gave, numbered, acknowledged in order once the driver has decided.
// Rules: SPEC.md "Runs".
#pragma once

#include <optional>
#include <vector>

#include "protocol/message.h"
#include "protocol/sync_session.h"

namespace kiz {

class Inbox {
 public:
  explicit Inbox(std::uint64_t window_bytes) : window_(window_bytes) {}

  /// errors   over_limit: longer than a run may be, or beyond the credit
  Result<void> add(Bytes run);
  std::optional<IncomingRun> next();
  /// number: of a run taken with next() and not reported before
  void report(std::uint64_t number, Errc refused, bool applied);
  /// Covers everything decided since the last one; empty when that is nothing.
  std::optional<Ack> next_ack();

  std::uint64_t runs_seen() const { return acknowledged_ + held_.size(); }
  /// Every run that came is decided (though perhaps not acknowledged).
  bool decided() const;
  bool acknowledged() const { return held_.empty(); }

 private:
  struct Held {
    Bytes bytes;
    std::uint64_t size = 0;
    bool taken = false;
    bool decided = false;
    Errc refused = Errc::ok;
    bool applied = true;
  };

  std::vector<Held> held_;  // not acknowledged, in order; numbers begin at acknowledged_ + 1
  std::uint64_t acknowledged_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace kiz
