#include "libclient/state_talk.h"

#include <algorithm>

#include "libclient/agreement.h"
#include "libclient/keyring.h"
#include "libclient/omission.h"
#include "protocol/bundle.h"
#include "protocol/limits.h"
#include "protocol/sync_digest.h"

namespace kiz {
namespace {
constexpr SteadyTime settled_after = std::chrono::minutes{1};
constexpr std::uint64_t compare_every_ms = 6ull * 60 * 60 * 1000;
constexpr std::uint64_t round_ms = 60ull * 60 * 1000;
constexpr std::size_t heads_messages_max = 4;  // in a session, in either direction
}  // namespace

bool StateTalk::concerns(MessageKind kind) { return kind == MessageKind::states || kind == MessageKind::proven_heads; }

Result<void> StateTalk::receive(const Message& message) {
  return message.kind == MessageKind::states ? on_states(message) : on_proven_heads(message);
}

std::optional<Message> StateTalk::next() {
  if (out_.empty()) return std::nullopt;
  Message message = std::move(out_.front());
  out_.pop_front();
  return message;
}

void StateTalk::look(bool in_sync, SteadyTime now) {
  if (!std::exchange(heads_considered_, true) && !in_sync) tell_heads();
  if (!in_sync) return in_sync_since_.reset();
  if (!in_sync_since_) in_sync_since_ = now;
  if (side_ == Side::initiator && now - *in_sync_since_ >= settled_after) tell_states();
}

// ---- states

States StateTalk::empty_states() const { return {core_.control().position(), bundle_state_schema, agreement::counters_known(), {}}; }

void StateTalk::tell_states() {
  const auto last = core_.compared_ms(peer_);
  const std::uint64_t now_ms = core_.now_ms();
  if (last && *last <= now_ms && now_ms - *last < compare_every_ms) return;
  core_.note_compared(peer_);
  States states = empty_states();
  const auto send = [&] {
    if (!states.spaces.empty()) out_.push_back(encode_message(states));
    states.spaces.clear();
  };
  for (const SpaceDigest& item : source_.shared_spaces()) {
    if (!agreement::is_comparable(item.space)) continue;
    states.spaces.push_back({SpaceName::of(item.space), shortened(item.digest), core_.state_hash(*core_.slot(item.space))});
    round_of(item.space).told = true;
    if (states.spaces.size() == limits::states_max) send();
  }
  send();
}

StateTalk::Round& StateTalk::round_of(const Space& space) {
  Round& round = rounds_[space];
  const std::uint64_t now_ms = core_.now_ms();
  if (round.began_ms > now_ms || now_ms - round.began_ms >= round_ms) round = {now_ms, false, false, false};
  return round;
}

void StateTalk::answer(const Space& space, SpaceSlot& slot) {
  Round& round = round_of(space);
  round.told = true;
  if (std::exchange(round.answered, true)) return;
  States states = empty_states();
  states.spaces.push_back({SpaceName::of(space), shortened(slot.digest()), core_.state_hash(slot)});
  out_.push_back(encode_message(states));
}

Result<void> StateTalk::on_states(const Message& message) {
  const auto states = decode_message<States>(message.body);
  if (!states) return states.error();
  const States own = empty_states();
  if (states->control != own.control || states->schema != own.schema || states->counters != own.counters) return {};
  for (const NamedState& named : states->spaces) {
    const Space space = named.space.in(core_.realm());
    SpaceSlot* slot = core_.slot(space);
    if (slot == nullptr || !agreement::is_comparable(space) || !source_.is_shared(space)) continue;
    if (shortened(slot->digest()) != named.heads) continue;
    if (auto taken = on_state(space, *slot, named.state); !taken) return taken;
  }
  return {};
}

Result<void> StateTalk::on_state(const Space& space, SpaceSlot& slot, const Hash& told) {
  using agreement::Verdict;
  Round& round = round_of(space);
  const bool may_be_settled = round.told || round.evaluated;
  Verdict verdict = core_.state_hash(slot) == told ? Verdict::same : Verdict::differs;
  if (verdict == Verdict::differs && !std::exchange(round.evaluated, true) && core_.may_evaluate_anew(slot.store.number())) {
    auto compared = agreement::compare(core_, slot, told);
    if (!compared) return compared.error();
    verdict = *compared;
  }
  if (verdict == Verdict::differs) {
    answer(space, slot);
    if (!may_be_settled) return {};  // the other side may have derived wrongly, and has its turn now
  }
  return agreement::note(core_, space, verdict, peer_);
}

// ---- proven heads

void StateTalk::tell_heads() {
  const KeyringContents& ring = core_.files().keyring();
  if (core_.files().issuing_key() != nullptr || ring.kreis == peer_) return;
  ProvenHeads part;
  std::size_t messages = 0;
  const auto send = [&] {
    if (part.heads.empty()) return;
    out_.push_back(encode_message(part));
    part.heads.clear();
    ++messages;
  };
  for (const SpaceDigest& item : source_.shared_spaces()) {
    for (const SignedHead& head : source_.signed_heads(item.space)) {
      if (messages == heads_messages_max) return;
      part.heads.push_back({SpaceName::of(item.space), head});
      if (part.heads.size() == limits::proven_heads_max) send();
    }
  }
  send();
}

Result<void> StateTalk::on_proven_heads(const Message& message) {
  const auto shown = decode_message<ProvenHeads>(message.body);
  if (!shown) return shown.error();
  if (++heads_taken_ > heads_messages_max) return {};
  std::map<Space, std::vector<SignedHead>> by_space;
  for (const ProvenHead& head : shown->heads) by_space[head.space.in(core_.realm())].push_back(head.head);
  for (const auto& [space, heads] : by_space) {
    if (!source_.is_shared(space)) continue;
    if (auto noted = omission::note_told(core_, space, heads, peer_, head_tries_); !noted) return noted.error();
  }
  return {};
}

}  // namespace kiz
