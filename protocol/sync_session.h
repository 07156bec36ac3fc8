// The talk of two replicas after the handshake, as a state machine. Rules: SPEC.md "Sync session".
//
// Sans-IO: decrypted messages, local events and the time go in; messages, runs to commit and events are pulled out. The
// session checks order, bounds and credit. It verifies no signature and judges no right: what arrives goes to the driver,
// which commits it through the store and reports back. Only then the session acknowledges it and gives credit back.
//
//   hellos -> control log first -> summaries equal: done, else the spaces that differ: what is remembered of the peer, or
//   digests and frontiers -> runs under credit -> acks after commit -> quiet on both sides and summaries equal: in sync
//
// Local commits (and what other peers brought) are pushed at any time. A broken session leaves nothing behind that the
// next one needs: it goes on after the last committed run.
//
// Driver, after each call that changes something:
//   1. take_control() -> commit -> on_control_changed() or on_control_refused()
//   2. next_run() until empty -> ingest, several in one transaction if it likes -> report() for each
//   3. next_event() until empty
//   4. next_outgoing() while the socket takes more
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "protocol/message.h"
#include "protocol/sync_source.h"

namespace kiz {

/// Who opened the connection. Breaks ties, nothing else.
enum class Side : std::uint8_t { initiator, responder };

/// Steady time since any fixed moment; must not go backwards inside one session.
using SteadyTime = std::chrono::milliseconds;

struct SyncOptions {
  std::uint64_t capabilities = answers_for_values | compares_states;  // what the driver does beside the session
  std::uint64_t window_bytes = 4u << 20;    // runs taken before any is committed; from run_bytes_max to window_bytes_max
  std::size_t run_bytes_target = 128u << 10;  // a run is cut at a signature below this where there is one
  std::uint64_t hint_entries_max = 256;     // more than so many entries are not pushed on memory alone
  SteadyTime keepalive = std::chrono::seconds{30};     // own silence after which a ping goes out
  SteadyTime silence_max = std::chrono::seconds{90};   // the peer's silence after which it counts as gone
  SteadyTime progress_max = std::chrono::minutes{5};   // an answer that is owed for longer ends the session
  SteadyTime retry_after = std::chrono::minutes{10};   // what was refused is offered again
};

/// A run as the peer sent it: bounded, otherwise unchecked.
struct IncomingRun {
  std::uint64_t number = 0;  // names it in report()
  Bytes bytes;               // at most limits::run_bytes_max
};

/// What became of an incoming run. A run that was held already counts as committed.
struct RunReport {
  Errc refused = Errc::ok;  // gap and fork make both sides compare frontiers; any other pauses the log for this session
  bool applied = true;      // committed: every entry is applied (else some wait, are quarantined or void)
  Space space;              // committed: of the log
  Head last;                // committed: last entry of the run that is not quarantined; where all are, the last one
};

// ---- what the driver may want to remember or show
struct Acknowledged {  // the peer has committed this entry and all before it
  Space space;
  Head head;
  bool applied = true;
};
struct PeerHeads {  // what the peer says it holds of a space: replaces what was remembered
  Space space;
  std::vector<Head> heads;
};
struct PeerHoldsAll {};  // both hold exactly the same of all shared spaces
struct RunRefused {      // by the peer; this log is paused
  Space space;
  Head head;
  Errc code{};
};
struct SpacePaused {  // by the peer, or because our own store failed (`ours`)
  Space space;
  Errc code{};
  bool ours = false;
};
struct OwnHeadsShown {  // heads of our own logs that the peer holds, signatures not yet verified
  std::vector<SignedHead> heads;
};
struct ControlForked {  // the peer's control record where ours differs in the same epoch, signature not yet verified
  Bytes record;
};
struct ReceiptShown {  // signature and issuer not yet verified
  Receipt receipt;
};
using SyncEvent =
    std::variant<Acknowledged, PeerHeads, PeerHoldsAll, RunRefused, SpacePaused, OwnHeadsShown, ControlForked, ReceiptShown>;

class SyncSession {
 public:
  /// `source` must outlive the session.
  SyncSession(const SyncSource& source, Side side, const SyncOptions& options, SteadyTime now);
  ~SyncSession();
  SyncSession(const SyncSession&) = delete;
  SyncSession& operator=(const SyncSession&) = delete;

  // ---- messages
  /// The peer's next message, in order. After an error the session has failed: send what next_outgoing() still gives (a
  /// close with the reason), then drop the connection.
  /// errors   malformed, not_canonical, over_limit, unexpected_message, foreign_realm, version_refused, not_permitted;
  ///          the peer's own code when it closed with one
  Result<void> receive(Message message, SteadyTime now);
  /// The next message to send; empty when there is nothing, or no credit. Runs are read from the source only here.
  std::optional<Message> next_outgoing(SteadyTime now);

  // ---- what happened here
  /// Entries of a space were committed, by a local edit or from another peer; not called for what this session reported.
  /// False: the peer does not share the space, so nothing follows.
  bool on_commit(const Advance& advance);
  /// The control log has grown, or an unshared space may now be shared, or the other way round.
  void on_control_changed();
  /// Records from take_control() were not accepted; data goes on by what both hold.
  void on_control_refused();
  void on_time(SteadyTime now);
  std::optional<SteadyTime> next_timeout() const;

  // ---- what arrived
  std::vector<Bytes> take_control();
  std::optional<IncomingRun> next_run();
  /// Each run from next_run() once; in any order. Acknowledges in order.
  void report(std::uint64_t run, const RunReport& report);
  std::optional<SyncEvent> next_event();

  /// Tells the peer that these heads are held here. Nothing follows from it in the session.
  void give_receipt(const Receipt& receipt);
  /// Offers paused logs and spaces again, and compares anew.
  void retry();
  /// Says goodbye; finished once that message has been pulled.
  void close();

  // ---- state
  bool finished() const;                       // closed by either side, or failed
  const std::optional<Error>& failure() const;
  /// Both hold the same of all shared spaces, all of it acknowledged, nothing under way in either direction.
  bool in_sync() const;
  /// Entries known to be missing at the peer, sent and not acknowledged ones included. Says nothing before the spaces were
  /// compared, see compared().
  std::uint64_t pending_entries() const;
  std::uint64_t pending_entries(const Space& space) const;
  /// The hellos and what differed have been worked through at least once.
  bool compared() const;
  /// The peer has acknowledged all that this replica holds of this space.
  bool acknowledged(const Space& space) const;
  /// The control position that the peer announced last; empty before its hello.
  std::optional<ControlPosition> peer_control() const;
  /// True if this side can do this, and the other one has said hello and said that it can.
  bool both_can(std::uint64_t capability) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kiz
