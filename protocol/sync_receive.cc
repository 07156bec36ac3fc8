#include <algorithm>

#include "protocol/limits.h"
#include "protocol/sync_digest.h"
#include "protocol/sync_state.h"

namespace kiz {
namespace {
constexpr unsigned recoveries_max = 3;
constexpr std::size_t events_max = 4096;
constexpr std::size_t control_in_bytes_max = 4 * limits::message_bytes_max;
constexpr std::size_t record_overhead_bytes = 64;  // empty records take memory too

Error unexpected(const char* what) { return {Errc::unexpected_message, what}; }

bool did_not_fit(Errc code) { return code == Errc::gap || code == Errc::fork; }
}  // namespace

Result<void> SyncSession::State::dispatch(Message& message) {
  const auto as = [&]<class T>(Result<void> (State::*take)(const T&)) -> Result<void> {
    auto content = decode_message<T>(message.body);
    if (!content) return content.error();
    return (this->*take)(*content);
  };
  if (!hello_seen && message.kind != MessageKind::hello && message.kind != MessageKind::close) return unexpected("before hello");
  switch (message.kind) {
    case MessageKind::hello: return as(&State::on_hello);
    case MessageKind::position: return as(&State::on_position);
    case MessageKind::control_records: return as(&State::on_control_records);
    case MessageKind::control_proof: return as(&State::on_control_proof);
    case MessageKind::own_heads_wanted: return as(&State::on_own_heads_wanted);
    case MessageKind::own_heads: return as(&State::on_own_heads);
    case MessageKind::digests: return as(&State::on_digests);
    case MessageKind::frontier: return as(&State::on_frontier_part);
    case MessageKind::samples: return as(&State::on_samples);
    case MessageKind::run: their_quiet = false; return inbox.add(std::move(message.body));
    case MessageKind::ack: return as(&State::on_ack);
    case MessageKind::quiet: return as(&State::on_quiet);
    case MessageKind::refused: return as(&State::on_space_refused);
    case MessageKind::close: return as(&State::on_close);
    case MessageKind::ping: return as(&State::on_ping);
    case MessageKind::pong: return as(&State::on_pong);
    case MessageKind::receipt: return as(&State::on_receipt);
    case MessageKind::join_request:
    case MessageKind::join_waiting:
    case MessageKind::join_accepted:
    case MessageKind::join_refused:
    case MessageKind::join_acknowledged: return unexpected("enrolment");
    case MessageKind::realm_secret_wanted:
    case MessageKind::realm_secret:
    case MessageKind::values_wanted:
    case MessageKind::values_given:
    case MessageKind::checkpoint_wanted:
    case MessageKind::checkpoint_signed:
    case MessageKind::states:
    case MessageKind::proven_heads: return {};  // PeerTalk's business, which does not pass them on
  }
  if (may_be_ignored(message.kind)) return {};
  return Error{Errc::version_refused, "message"};
}

Result<void> SyncSession::State::on_hello(const Hello& hello) {
  if (hello_seen) return unexpected("second hello");
  if (hello.version != 1) return Error{Errc::version_refused, "hello"};
  if (hello.realm != source.realm()) return Error{Errc::foreign_realm, "hello"};
  // Less than one run would wait for ever.
  if (hello.window < limits::run_bytes_max) return Error{Errc::malformed, "window"};
  hello_seen = true;
  peer_capabilities = hello.capabilities;
  outbox.open_window(std::min<std::uint64_t>(hello.window, limits::window_bytes_max));
  theirs = hello.summary;
  control.peer_at(hello.control);
  // The peer may know more of our own logs than we do: then this store is an older state of itself. That it knows less is
  // no news as long as it is what it acknowledged.
  if (hello.your_heads != heads_digest(source.own_heads()) &&
      hello.your_heads != heads_digest(source.own_heads_acknowledged())) {
    ask_for_own_heads();
  }
  if (control.settled()) begin();
  return {};
}

// ---- control log -----------------------------------------------------------------------------------------------------

Result<void> SyncSession::State::on_position(const Position& position) {
  theirs = position.summary;
  control.peer_at(position.control);
  if (begun) {
    start_over();
  } else if (control.settled()) {
    begin();
  }
  return {};
}

Result<void> SyncSession::State::on_control_records(const ControlRecords& records) {
  if (records.records.empty()) return Error{Errc::malformed, "control records"};
  for (const Bytes& record : records.records) control_in_bytes += record.size() + record_overhead_bytes;
  if (control_in_bytes > control_in_bytes_max) return Error{Errc::over_limit, "control records"};
  control_in.insert(control_in.end(), records.records.begin(), records.records.end());
  return {};
}

Result<void> SyncSession::State::on_control_proof(const ControlProof& proof) {
  const auto differs = control.peer_proved(proof.record);
  if (!differs) return differs.error();
  if (!*differs) return {};
  events.emplace_back(ControlForked{proof.record});
  if (!begun) begin();
  return {};
}

// ---- own heads -------------------------------------------------------------------------------------------------------

Result<void> SyncSession::State::on_own_heads_wanted(const OwnHeadsWanted&) {
  if (own_heads_given) return unexpected("asked twice");
  own_heads_given = true;
  send_content(OwnHeads{source.peer_device_heads()});
  return {};
}

Result<void> SyncSession::State::on_own_heads(const OwnHeads& heads) {
  if (!own_heads_asked) return unexpected("not asked");
  own_heads_asked = false;
  own_heads_there.emplace();
  for (const SignedHead& shown : heads.heads) own_heads_there->push_back(shown.head);
  events.emplace_back(OwnHeadsShown{heads.heads});
  if (begun) hand_in();
  return {};
}

// ---- digests and frontiers -------------------------------------------------------------------------------------------

bool SyncSession::State::refuse_unless_shared(const Space& space) {
  if (source.is_shared(space)) return false;
  send_content(SpaceRefused{SpaceName::of(space), Errc::not_permitted});
  return true;
}

Result<void> SyncSession::State::on_digests(const Digests& digests) {
  if (side == Side::initiator) return unexpected("digests");
  begun = true;  // by what the peer knew our control log was level; what has grown since follows
  ++digests_seen;
  if (rounds_left > 0) --rounds_left;
  their_quiet = false;
  outbox.drop_all();

  const auto mine = source.shared_spaces();
  auto own = mine.begin();
  for (const NamedDigest& named : digests.spaces) {
    const Space space = named.space.in(source.realm());
    for (; own != mine.end() && own->space < space; ++own) ask_for_frontier(own->space);
    const bool have = own != mine.end() && own->space == space;
    const bool same = have && shortened(own->digest) == named.digest;
    if (have) ++own;
    if (!same && !refuse_unless_shared(space)) ask_for_frontier(space);
  }
  for (; own != mine.end(); ++own) ask_for_frontier(own->space);
  if (to_ask.size() + awaiting.size() > 2 * limits::spaces_max) return Error{Errc::over_limit, "spaces"};
  return {};
}

// A long frontier comes in parts, one directly after the other, so that at most one is being put together.
Result<void> SyncSession::State::on_frontier_part(const FrontierPart& part) {
  their_quiet = false;
  if (!partial) {
    partial = part;
  } else {
    auto& heads = partial->heads;
    if (part.space != partial->space || part.answer != partial->answer || part.covers) return unexpected("frontier");
    if (part.heads.empty() || !(heads.back() < part.heads.front())) return Error{Errc::not_canonical, "frontier"};
    if (heads.size() + part.heads.size() > limits::heads_max) return Error{Errc::over_limit, "frontier"};
    heads.insert(heads.end(), part.heads.begin(), part.heads.end());
    partial->more = part.more;
  }
  if (partial->more) return {};
  const FrontierPart whole = std::move(*partial);
  partial.reset();
  return on_frontier(whole);
}

Result<void> SyncSession::State::on_frontier(const FrontierPart& whole) {
  const Space space = whole.space.in(source.realm());
  if (!whole.answer) awaiting.erase(space);
  begun = true;
  if (refuse_unless_shared(space) || whole.covers) return {};

  const FrontierPlan plan = plan_space(source, space, whole.heads, outbox);
  outbox.drop(space, plan.undecided);
  for (const Advance& wanted : plan.wants) outbox.want(wanted);
  for (const Samples& question : plan.samples) {
    if (!awaiting_samples.insert(question.log).second) continue;
    said.reset();
    send_content(question);
  }
  if (whole.answer && plan.covers) {
    FrontierPart covers;
    covers.space = whole.space;
    covers.covers = true;
    said.reset();
    send_content(covers);
  } else if (whole.answer) {
    to_answer.insert(space);
    if (to_answer.size() > limits::spaces_max) return Error{Errc::over_limit, "spaces"};
  }
  events.emplace_back(PeerHeads{space, whole.heads});
  return {};
}

Result<void> SyncSession::State::on_samples(const Samples& samples) {
  their_quiet = false;
  const Space space = samples.space.in(source.realm());
  if (!samples.answer) awaiting_samples.erase(samples.log);
  if (refuse_unless_shared(space)) return {};
  for (const Advance& wanted : plan_fork(source, space, samples.log, samples.points, outbox)) outbox.want(wanted);
  if (samples.answer) {
    said.reset();
    send_content(Samples{samples.space, samples.log, false, narrow(source, space, samples.log, samples.points)});
  }
  return {};
}

Result<void> SyncSession::State::on_space_refused(const SpaceRefused& refused) {
  const Space space = refused.space.in(source.realm());
  awaiting.erase(space);
  to_ask.erase(space);
  if (!source.is_shared(space)) return {};
  if (!outbox.pause(space)) return Error{Errc::over_limit, "spaces"};
  events.emplace_back(SpacePaused{space, refused.code, false});
  if (agreement == Agreement::equal) differ();
  return {};
}

// ---- acknowledgements ------------------------------------------------------------------------------------------------

Result<void> SyncSession::State::on_ack(const Ack& ack) {
  auto settled = outbox.acknowledge(ack);
  if (!settled) return settled.error();
  for (const Outbox::Settled& run : *settled) {
    if (run.refused == Errc::ok) events.emplace_back(Acknowledged{run.stretch.space, run.stretch.head, run.applied});
  }
  // Backwards, so that what is put back joins what was wanted behind it.
  for (auto run = settled->rbegin(); run != settled->rend(); ++run) {
    if (run->refused != Errc::ok) on_run_refused(*run);
  }
  return {};
}

void SyncSession::State::on_run_refused(const Outbox::Settled& run) {
  const Space& space = run.stretch.space;
  if (did_not_fit(run.refused)) {
    // The peer is not where we took it to be: what was remembered of it is wrong, or its branch is another one.
    if (run.lost || is_asked(space)) return;
    if (++recoveries[space] <= recoveries_max) {
      outbox.give_up_in_flight(space);
      doubt();
      return ask_for_frontier(space);
    }
  }
  if (agreement == Agreement::equal) differ();
  outbox.put_back(run.stretch);
  outbox.pause(run.stretch.head.log);
  events.emplace_back(RunRefused{space, run.stretch.head, run.refused});
}

Result<void> SyncSession::State::on_quiet(const Quiet& quiet) {
  if (quiet.runs_seen > outbox.runs_sent() || quiet.digests_seen > digests_sent) return unexpected("quiet");
  begun = true;
  if (quiet.matches) theirs = announced;
  if (quiet.summary) theirs = *quiet.summary;
  if (agreement == Agreement::differing && !quiet.matches) start_over();
  // The peer is not sure any more: look again, and tell it if our last word is outdated.
  if (agreement == Agreement::equal && !quiet.matches) doubt();
  their_quiet = quiet.runs_seen == outbox.runs_sent() && quiet.digests_seen == digests_sent;
  return {};
}

Result<void> SyncSession::State::on_close(const Close& close) {
  finished = true;
  if (close.code == Errc::ok) return {};
  failure = Error{close.code, "closed by the peer"};
  return *failure;
}

Result<void> SyncSession::State::on_receipt(const Receipt& receipt) {
  if (events.size() >= events_max) return {};  // the driver is slow, or the peer talks too much: a later one says more
  if (source.is_shared(receipt.space.in(source.realm()))) events.emplace_back(ReceiptShown{receipt});
  return {};
}

Result<void> SyncSession::State::on_ping(const Ping&) {
  send_content(Pong{});
  return {};
}

Result<void> SyncSession::State::on_pong(const Pong&) { return {}; }

}  // namespace kiz
