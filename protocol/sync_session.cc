#include "protocol/sync_session.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/sync_digest.h"
#include "protocol/sync_state.h"

namespace kiz {
namespace {
constexpr unsigned rounds_max = 2;
constexpr std::size_t outgoing_bytes_max = 8u << 20;

std::uint64_t entries_in(const std::vector<Advance>& advances) {
  std::uint64_t sum = 0;
  for (const Advance& advance : advances) sum += advance.head.seq - advance.after.seq;
  return sum;
}

std::vector<Head> without_signatures(const std::vector<SignedHead>& heads) {
  std::vector<Head> out;
  for (const SignedHead& signed_head : heads) out.push_back(signed_head.head);
  return out;
}
}  // namespace

SyncSession::State::State(const SyncSource& s, Side who, const SyncOptions& o, SteadyTime at)
    : source(s), side(who), options(o), inbox(o.window_bytes), control(s), rounds_left(rounds_max), now(at), last_sent(at),
      last_received(at), owed_since(at) {
  KIZ_ASSERT(o.window_bytes >= limits::run_bytes_max && o.window_bytes <= limits::window_bytes_max);
  announced = summary();
  Hello hello;
  hello.capabilities = options.capabilities;
  hello.realm = source.realm();
  hello.control = source.control_position();
  hello.summary = announced;
  hello.your_heads = heads_digest(without_signatures(source.peer_device_heads()));
  hello.window = options.window_bytes;
  send_content(hello);
}

const Hash& SyncSession::State::summary() {
  if (!summary_now) summary_now = summary_of(source.shared_spaces());
  return *summary_now;
}

// ---- the first comparison --------------------------------------------------------------------------------------------

// Called once, when both control logs are as equal as they will be. Whatever is pushed on memory alone and turns out wrong
// is put right by a refusal and an exchange of frontiers, so nothing here has to be true, only likely.
void SyncSession::State::begin() {
  begun = true;
  if (position_due) announce_position();
  if (source.hands_in()) return hand_in();
  if (control.equal() && theirs == announced) {
    // What has been committed here since stands in the outbox.
    if (outbox.empty()) return agree(summary());
    agreement = Agreement::equal;
    compared = true;
    return;
  }
  static const Hash nothing = summary_of({});
  if (theirs == nothing) return push_everything();
  if (summary() == nothing) return outbox.drop_all();
  if (push_from_memory()) return;
  if (side == Side::initiator) send_digests();
}

// A device that is locked out delivers what the other side lacks of its own logs, and takes its leave. What the other side
// holds of them it says only when asked: to whom nothing is shared no frontier is told.
void SyncSession::State::hand_in() {
  if (!source.hands_in()) return;
  outbox.drop_all();
  if (!own_heads_were_asked) return ask_for_own_heads();
  if (!own_heads_there) return;
  for (const Advance& advance : source.to_hand_in(*own_heads_there)) outbox.want(advance);
}

void SyncSession::State::end_hand_in() {
  if (!begun || !source.hands_in() || !own_heads_there || !outbox.idle() || position_due || closing) return;
  fail({Errc::revoked, "handed in"});
}

void SyncSession::State::ask_for_own_heads() {
  own_heads_asked = own_heads_were_asked = true;
  send_content(OwnHeadsWanted{});
}

void SyncSession::State::push_everything() {
  outbox.drop_all();
  for (const SpaceDigest& item : source.shared_spaces()) {
    for (const Advance& advance : whole_space(source, item.space)) outbox.want(advance);
  }
}

bool SyncSession::State::push_from_memory() {
  const auto remembered = source.unacknowledged();
  if (!remembered || entries_in(*remembered) > options.hint_entries_max) return false;
  outbox.drop_all();
  for (const Advance& advance : *remembered) outbox.want(advance);
  return true;
}

void SyncSession::State::send_digests() {
  outbox.drop_all();
  Digests out;
  for (const SpaceDigest& item : source.shared_spaces()) {
    out.spaces.push_back({SpaceName::of(item.space), shortened(item.digest)});
  }
  send_content(out);
  ++digests_sent;
  if (rounds_left > 0) --rounds_left;
  their_quiet = false;
  said = now_quiet();  // digests say more than a quiet; the next one comes when something has followed from them
  digests_unanswered = true;
}

// ---- frontiers -------------------------------------------------------------------------------------------------------

void SyncSession::State::ask_for_frontier(const Space& space) {
  outbox.drop(space);
  if (!awaiting.contains(space)) to_ask.insert(space);
}

bool SyncSession::State::is_asked(const Space& space) const { return awaiting.contains(space) || to_ask.contains(space); }

void SyncSession::State::send_frontier(const Space& space, bool answer) {
  const auto heads = source.heads(space);
  std::size_t sent = 0;
  said.reset();
  do {
    const std::size_t count = std::min(heads.size() - sent, limits::frontier_part_heads_max);
    FrontierPart part;
    part.space = SpaceName::of(space);
    const auto first = heads.begin() + static_cast<std::ptrdiff_t>(sent);
    part.heads.assign(first, first + static_cast<std::ptrdiff_t>(count));
    sent += count;
    part.more = sent < heads.size();
    part.answer = answer;
    send_content(part);
  } while (sent < heads.size());
}

// ---- agreement -------------------------------------------------------------------------------------------------------

bool SyncSession::State::quiet() const {
  return begun && control.settled() && !position_due && outbox.idle() && inbox.decided() && control_in.empty() && to_ask.empty() &&
         to_answer.empty() && awaiting.empty() && awaiting_samples.empty() && !partial;
}

// The one place that decides whether both hold the same. Looked at before each message goes out, when everything that has
// arrived is worked in, so that nothing half done is compared.
void SyncSession::State::evaluate() {
  if (agreement != Agreement::unknown || finished || closing) return;
  if (source.hands_in()) return end_hand_in();
  if (!quiet()) return;
  const Hash mine = summary();
  if (control.equal() && mine == theirs) return agree(mine);
  if (said != now_quiet()) say_quiet();
  if (!their_quiet) return;
  if (rounds_left == 0) {
    compared = true;
    if (digests_unanswered) say_quiet();  // so that the peer gives up too
    return differ();
  }
  if (side == Side::initiator) send_digests();
}

void SyncSession::State::say_quiet() {
  Quiet out{inbox.runs_seen(), digests_seen, false, {}};
  if (summary() != announced) out.summary = announced = summary();
  send_content(out);
  said = now_quiet();
  digests_unanswered = false;
}

SyncSession::State::Said SyncSession::State::now_quiet() {
  return {inbox.runs_seen(), outbox.runs_sent(), digests_seen, summary()};
}

void SyncSession::State::agree(const Hash& mine) {
  agreement = Agreement::equal;
  compared = true;
  rounds_left = rounds_max;
  recoveries.clear();
  if (announced != mine) {
    announced = mine;
    send_content(Quiet{inbox.runs_seen(), digests_seen, true, {}});
  }
  events.emplace_back(PeerHoldsAll{});
}

void SyncSession::State::differ() {
  agreement = Agreement::differing;
  retry_at = now + options.retry_after;
}

void SyncSession::State::doubt() {
  agreement = Agreement::unknown;
  said.reset();
  their_quiet = false;
  retry_at.reset();
}

void SyncSession::State::start_over() {
  doubt();
  rounds_left = rounds_max;
  recoveries.clear();
}

void SyncSession::State::announce_position() {
  position_due = false;
  announced = summary();
  send_content(Position{source.control_position(), announced});
}

// ---- sending ---------------------------------------------------------------------------------------------------------

void SyncSession::State::send(Message message) {
  outgoing_bytes += message.body.size();
  outgoing.push_back(std::move(message));
}

std::optional<Message> SyncSession::State::next_queued() {
  if (outgoing.empty()) return {};
  Message out = std::move(outgoing.front());
  outgoing.erase(outgoing.begin());
  outgoing_bytes -= out.body.size();
  if (out.kind == MessageKind::close) finished = true;
  return out;
}

std::optional<Message> SyncSession::State::next_frontier() {
  const bool asking = !to_ask.empty();
  auto& spaces = asking ? to_ask : to_answer;
  if (spaces.empty()) return {};
  const Space space = *spaces.begin();
  spaces.erase(spaces.begin());
  if (asking) {
    outbox.drop(space);  // the frontier tells all as of now
    awaiting.insert(space);
  }
  send_frontier(space, asking);
  return next_queued();
}

std::optional<Message> SyncSession::State::next_message() {
  if (auto queued = next_queued(); queued || finished) return queued;
  if (!hello_seen) return {};
  if (auto records = control.next_message()) return records;
  if (position_due) announce_position();  // behind the records that lead there
  if (auto queued = next_queued()) return queued;
  if (auto part = next_frontier()) return part;
  // Quiet goes out before the acknowledgement that makes the peer look whether it is quiet too.
  evaluate();
  if (auto queued = next_queued()) return queued;
  if (auto ack = inbox.next_ack()) return encode_message(*ack);
  return next_run();
}

std::optional<Message> SyncSession::State::next_run() {
  if (!begun || !control.settled()) return {};
  std::vector<Outbox::Failure> failures;
  auto run = outbox.next_run(source, options.run_bytes_target, awaiting, failures);
  for (const auto& failed : failures) {
    events.emplace_back(SpacePaused{failed.space, failed.code, true});
    send_content(SpaceRefused{SpaceName::of(failed.space), failed.code});
  }
  if (run) {
    their_quiet = false;
    return Message{MessageKind::run, std::move(*run)};
  }
  return failures.empty() ? std::nullopt : next_message();
}

bool SyncSession::State::owed() const {
  return !hello_seen || outbox.waits_for_ack() || !awaiting.empty() || !awaiting_samples.empty() || control.awaits_peer();
}

void SyncSession::State::note_progress() {
  if (!owed()) {
    owed_since.reset();
  } else if (!owed_since) {
    owed_since = now;
  }
}

void SyncSession::State::fail(Error error) {
  outgoing.clear();
  outgoing_bytes = 0;
  send_content(Close{error.code});
  closing = true;
  failure = std::move(error);
}

// ---- the outside -----------------------------------------------------------------------------------------------------

SyncSession::SyncSession(const SyncSource& source, Side side, const SyncOptions& options, SteadyTime now)
    : state_(std::make_unique<State>(source, side, options, now)) {}
SyncSession::~SyncSession() = default;

Result<void> SyncSession::receive(Message message, SteadyTime now) {
  State& s = *state_;
  if (s.finished || s.failure) return Error{Errc::unexpected_message, "after the end"};
  s.now = s.last_received = now;
  const bool alive_only = message.kind == MessageKind::ping || message.kind == MessageKind::pong;
  if (auto taken = s.dispatch(message); !taken) {
    if (!s.failure) s.fail(taken.error());
    return taken;
  }
  // A peer that asks and does not read may not fill our memory with answers.
  if (s.outgoing_bytes > outgoing_bytes_max) {
    s.fail({Errc::over_limit, "unread answers"});
    return *s.failure;
  }
  if (!alive_only) s.owed_since.reset();
  s.note_progress();
  return {};
}

std::optional<Message> SyncSession::next_outgoing(SteadyTime now) {
  State& s = *state_;
  s.now = now;
  if (s.finished) return {};
  auto out = s.next_message();
  if (out) s.last_sent = now;
  s.note_progress();
  return out;
}

bool SyncSession::on_commit(const Advance& advance) {
  State& s = *state_;
  if (!s.source.is_shared(advance.space)) return false;
  s.summary_now.reset();
  s.outbox.grow(advance);
  return true;
}

void SyncSession::on_control_changed() {
  State& s = *state_;
  s.summary_now.reset();
  s.outbox.drop_unshared(s.source);
  s.outbox.resume();  // what was refused for want of a right may be welcome now
  const auto unshared = [&](const Space& space) { return !s.source.is_shared(space); };
  std::erase_if(s.to_ask, unshared);
  std::erase_if(s.to_answer, unshared);
  std::erase_if(s.awaiting, unshared);
  s.control.own_changed();
  if (!s.hello_seen) return;
  if (s.begun) s.start_over();
  if (s.begun) s.hand_in();
  s.position_due = true;
  if (!s.begun && s.control.settled()) s.begin();
}

void SyncSession::on_control_refused() {
  State& s = *state_;
  s.control.own_refused();
  if (!s.hello_seen) return;
  s.position_due = true;
  if (!s.begun) s.begin();
}

void SyncSession::on_time(SteadyTime now) {
  State& s = *state_;
  s.now = now;
  if (s.finished || s.failure) return;
  if (now - s.last_received >= s.options.silence_max) return s.fail({Errc::silent_peer, "nothing heard"});
  if (s.owed_since && now - *s.owed_since >= s.options.progress_max) return s.fail({Errc::silent_peer, "no answer"});
  if (s.retry_at && now >= *s.retry_at) retry();
  if (now - s.last_sent >= s.options.keepalive) {
    s.send_content(Ping{});
    s.last_sent = now;
  }
}

std::optional<SteadyTime> SyncSession::next_timeout() const {
  const State& s = *state_;
  if (s.finished || s.failure) return {};
  SteadyTime out = std::min(s.last_received + s.options.silence_max, s.last_sent + s.options.keepalive);
  if (s.owed_since) out = std::min(out, *s.owed_since + s.options.progress_max);
  if (s.retry_at) out = std::min(out, *s.retry_at);
  return out;
}

std::vector<Bytes> SyncSession::take_control() {
  state_->control_in_bytes = 0;
  return std::exchange(state_->control_in, {});
}

std::optional<IncomingRun> SyncSession::next_run() { return state_->inbox.next(); }

void SyncSession::report(std::uint64_t run, const RunReport& report) {
  State& s = *state_;
  s.inbox.report(run, report.refused, report.applied);
  if (report.refused != Errc::ok) {
    if (s.agreement == Agreement::equal) s.differ();
    return;
  }
  s.summary_now.reset();
  s.outbox.peer_holds(s.source, report.last);
}

std::optional<SyncEvent> SyncSession::next_event() {
  auto& events = state_->events;
  if (events.empty()) return {};
  SyncEvent out = std::move(events.front());
  events.erase(events.begin());
  return out;
}

void SyncSession::give_receipt(const Receipt& receipt) {
  if (!state_->closing && !state_->finished) state_->send_content(receipt);
}

void SyncSession::retry() {
  State& s = *state_;
  s.outbox.resume();
  if (s.begun) s.start_over();
}

void SyncSession::close() {
  State& s = *state_;
  if (s.closing || s.finished) return;
  s.outgoing.clear();
  s.outgoing_bytes = 0;
  s.send_content(Close{});
  s.closing = true;
}

bool SyncSession::finished() const { return state_->finished || state_->failure; }
const std::optional<Error>& SyncSession::failure() const { return state_->failure; }

bool SyncSession::in_sync() const {
  const State& s = *state_;
  return s.agreement == Agreement::equal && s.control.equal() && s.outbox.empty() && s.inbox.acknowledged();
}

std::uint64_t SyncSession::pending_entries() const { return state_->outbox.pending_entries({}); }
std::uint64_t SyncSession::pending_entries(const Space& space) const { return state_->outbox.pending_entries(space); }
bool SyncSession::compared() const { return state_->compared; }

bool SyncSession::acknowledged(const Space& space) const {
  const State& s = *state_;
  return s.compared && s.source.is_shared(space) && pending_entries(space) == 0 && !s.is_asked(space);
}

std::optional<ControlPosition> SyncSession::peer_control() const { return state_->control.peer(); }

bool SyncSession::both_can(std::uint64_t capability) const {
  return (state_->peer_capabilities & state_->options.capabilities & capability) == capability;
}

}  // namespace kiz
