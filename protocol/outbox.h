// What one peer still has to get, what is on its way to it, and how much more it takes. Rules: SPEC.md "Runs".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "protocol/message.h"
#include "protocol/sync_source.h"

namespace kiz {

class Outbox {
 public:
  /// A run that the peer has decided on.
  struct Settled {
    Advance stretch;
    Errc refused = Errc::ok;
    bool applied = true;
    bool lost = false;  // sent before the frontier of its space was asked for anew: a refusal says nothing new
  };
  struct Failure {
    Space space;
    Errc code{};
  };

  /// Bytes of runs that the peer takes before it has decided on any.
  void open_window(std::uint64_t bytes) { window_ = bytes; }

  // ---- what is wanted
  /// A log has grown here; what is wanted of it already grows along.
  void grow(const Advance& advance);
  /// The peer lacks this. Where the same target is wanted already, the later start counts.
  void want(const Advance& advance);
  /// The peer turns out to hold this entry and all before it.
  void peer_holds(const SyncSource& source, const Head& head);
  /// A refused run is wanted again.
  void put_back(const Advance& stretch);
  /// Nothing of this space is wanted any more, these logs excepted.
  void drop(const Space& space, const std::set<LogId>& except = {});
  void drop_all() { wants_.clear(); }
  void drop_unshared(const SyncSource& source);
  /// Runs of this space under way will be refused: what they follow on does not exist at the peer.
  void give_up_in_flight(const Space& space);
  /// Wants stay, but nothing is sent until resume(). False: too many spaces are paused already.
  /// What paused goes on one run at a time until the peer takes one: it may refuse it again.
  void pause(const LogId& log) {
    paused_logs_.insert(log);
    doubtful_logs_.insert(log);
  }
  bool pause(const Space& space);
  void resume();
  bool has_paused() const { return !paused_logs_.empty() || !paused_spaces_.empty(); }

  // ---- sending
  /// The next run within credit, logs taking turns; empty when there is none. What the source cannot read is paused with
  /// its space and named in `failures`. `asked`: the peer's frontiers of these spaces are under way, and nothing of them
  /// goes out: it might follow on what the peer lacks, and seem to be arriving when the frontier says where to begin.
  std::optional<Bytes> next_run(const SyncSource& source, std::size_t run_bytes_target, const std::set<Space>& asked,
                                std::vector<Failure>& failures);
  /// errors   unexpected_message: not a number of runs that could be decided now
  Result<std::vector<Settled>> acknowledge(const Ack& ack);
  std::uint64_t runs_sent() const { return decided_ + in_flight_.size(); }

  // ---- state
  /// Nothing to send now and nothing on its way; paused wants do not count.
  bool idle() const;
  bool empty() const { return wants_.empty() && in_flight_.empty(); }
  bool waits_for_ack() const { return !in_flight_.empty(); }
  std::uint64_t pending_entries(const std::optional<Space>& space) const;
  /// Ends of runs of this log that are on their way and not known to be lost.
  std::vector<Head> arriving(const LogId& log) const;

 private:
  struct InFlight {
    Advance stretch;
    std::uint64_t bytes = 0;
    bool lost = false;
  };
  using Wants = std::multimap<LogId, Advance>;

  bool is_paused(const Advance& want) const;
  bool may_go(const Advance& want) const;
  Wants::iterator next_turn(const std::set<Space>& asked);
  bool has_credit(std::uint64_t bytes) const;

  Wants wants_;  // one per log and branch; `after` moves on as runs go out
  LogId turn_;   // the log that sent last
  std::set<LogId> paused_logs_;
  std::set<LogId> doubtful_logs_;  // paused once, and none of their runs taken since
  std::set<Space> paused_spaces_;
  std::vector<InFlight> in_flight_;  // in the order of their numbers, which begin at decided_ + 1
  std::uint64_t decided_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t in_flight_bytes_ = 0;
  std::uint64_t credit_needed_ = 0;  // what the run that did not fit takes; no use in reading it again before
};

}  // namespace kiz
