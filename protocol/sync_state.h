// The inside of a sync session; sync_session.h is the outside. Rules: SPEC.md "Sync session".
//
// sync_receive.cc holds what each message of the peer changes, sync_session.cc what the driver's calls change and what
// follows from the whole: when to compare, when to be quiet, when to give up.
#pragma once

#include <map>
#include <set>

#include "protocol/control_exchange.h"
#include "protocol/frontier_exchange.h"
#include "protocol/inbox.h"
#include "protocol/outbox.h"
#include "protocol/sync_session.h"

namespace kiz {

/// What is known of whether both hold the same.
enum class Agreement : std::uint8_t {
  unknown,    // to be found out
  equal,      // found so; later commits on either side are pushed and keep it so
  differing,  // something was refused: the rest is level, tried again after a while
};

struct SyncSession::State {
  State(const SyncSource& source, Side side, const SyncOptions& options, SteadyTime now);

  // ---- receiving (sync_receive.cc)
  Result<void> dispatch(Message& message);
  Result<void> on_hello(const Hello& hello);
  Result<void> on_position(const Position& position);
  Result<void> on_control_records(const ControlRecords& records);
  Result<void> on_control_proof(const ControlProof& proof);
  Result<void> on_own_heads_wanted(const OwnHeadsWanted& wanted);
  Result<void> on_own_heads(const OwnHeads& heads);
  Result<void> on_digests(const Digests& digests);
  Result<void> on_frontier_part(const FrontierPart& part);
  Result<void> on_frontier(const FrontierPart& whole);
  Result<void> on_samples(const Samples& samples);
  Result<void> on_ack(const Ack& ack);
  Result<void> on_quiet(const Quiet& quiet);
  Result<void> on_space_refused(const SpaceRefused& refused);
  Result<void> on_close(const Close& close);
  Result<void> on_receipt(const Receipt& receipt);
  Result<void> on_ping(const Ping& ping);
  Result<void> on_pong(const Pong& pong);
  void on_run_refused(const Outbox::Settled& settled);
  /// Refuses a space that is not shared, in the same words whether it exists or not.
  bool refuse_unless_shared(const Space& space);

  // ---- comparing (sync_session.cc)
  void begin();
  void hand_in();
  void end_hand_in();
  void ask_for_own_heads();
  void push_everything();
  bool push_from_memory();
  void send_digests();
  void ask_for_frontier(const Space& space);
  bool is_asked(const Space& space) const;
  void send_frontier(const Space& space, bool answer);
  void evaluate();
  void say_quiet();
  /// What a quiet would stand on now: worth saying again only when this is not what was said last.
  struct Said {
    std::uint64_t runs_seen = 0;
    std::uint64_t runs_sent = 0;
    std::uint64_t digests_seen = 0;
    Hash summary;

    bool operator==(const Said&) const = default;
  };
  Said now_quiet();
  void agree(const Hash& mine);
  void differ();
  void doubt();       // find out again, within the comparisons that are left
  void start_over();  // find out again from the beginning
  bool quiet() const;
  bool owed() const;
  const Hash& summary();
  void announce_position();

  void send(Message message);
  template <class T>
  void send_content(const T& content) { send(encode_message(content)); }
  std::optional<Message> next_message();
  std::optional<Message> next_queued();
  std::optional<Message> next_frontier();
  std::optional<Message> next_run();
  void note_progress();
  void fail(Error error);

  const SyncSource& source;
  const Side side;
  const SyncOptions options;

  std::vector<Message> outgoing;  // small ones, in order; runs and frontiers are made when they are pulled
  std::size_t outgoing_bytes = 0;
  Outbox outbox;
  Inbox inbox;
  ControlExchange control;
  std::vector<Bytes> control_in;
  std::size_t control_in_bytes = 0;
  bool position_due = false;
  std::vector<SyncEvent> events;

  // ---- summaries
  std::optional<Hash> summary_now;  // of this replica; empty: to be computed
  Hash announced;                   // the last one that the peer was told
  Hash theirs;                      // the last one that the peer told, valid at equal control positions
  Agreement agreement = Agreement::unknown;
  bool begun = false;     // the first comparison has been made: runs may go out
  bool compared = false;  // what differed has been worked through once
  std::optional<Said> said;  // what the last quiet told; nothing behind a frontier or samples: the peer waits for a new one
  bool their_quiet = false;
  bool digests_unanswered = false;  // no quiet of ours has gone out since the digests
  unsigned rounds_left = 0;  // comparisons by digests before what still differs is left alone
  std::uint64_t digests_sent = 0;
  std::uint64_t digests_seen = 0;

  // ---- frontiers
  std::set<Space> to_ask;               // frontiers to send with a request for the peer's
  std::set<Space> to_answer;            // frontiers to send because the peer asked
  std::set<Space> awaiting;             // sent, answer outstanding
  std::set<LogId> awaiting_samples;     // the same for forked logs
  std::map<Space, unsigned> recoveries; // how often runs of a space did not fit
  std::optional<FrontierPart> partial;  // a frontier of which more parts follow

  // ---- time
  SteadyTime now;
  SteadyTime last_sent;
  SteadyTime last_received;
  std::optional<SteadyTime> owed_since;
  std::optional<SteadyTime> retry_at;

  bool hello_seen = false;
  std::uint64_t peer_capabilities = 0;
  bool own_heads_asked = false;
  bool own_heads_were_asked = false;
  std::optional<std::vector<Head>> own_heads_there;  // the answer
  bool own_heads_given = false;
  bool closing = false;   // a close stands in `outgoing`
  bool finished = false;
  std::optional<Error> failure;
};

}  // namespace kiz
