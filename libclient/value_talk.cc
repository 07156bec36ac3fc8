#include "libclient/value_talk.h"

#include <algorithm>

#include "libclient/checkpoints.h"
#include "libclient/values.h"
#include "protocol/limits.h"

namespace kiz {
namespace {
constexpr std::size_t asked_in_a_session_max = 4096;
constexpr std::size_t answer_bytes_soft = 512u << 10;  // one value more stays below the longest message
constexpr SteadyTime look_every = std::chrono::minutes{1};
constexpr SteadyTime answer_max = std::chrono::seconds{30};
}  // namespace

bool ValueTalk::concerns(MessageKind kind) {
  return kind == MessageKind::values_wanted || kind == MessageKind::values_given || kind == MessageKind::checkpoint_wanted ||
         kind == MessageKind::checkpoint_signed;
}

const Device* ValueTalk::peer_device() const {
  const Device* device = core_.membership().device(peer_);
  return device == nullptr || device->revoked ? nullptr : device;
}

Result<void> ValueTalk::receive(const Message& message) {
  switch (message.kind) {
    case MessageKind::values_wanted: return on_wanted(message);
    case MessageKind::values_given: return on_given(message);
    case MessageKind::checkpoint_wanted: return on_checkpoint_wanted(message);
    default: return on_checkpoint_signed(message);
  }
}

Result<void> ValueTalk::on_wanted(const Message& message) {
  auto asked = decode_message<ValuesWanted>(message.body);
  if (!asked) return asked.error();
  if (answering_) return {};  // one question at a time
  const Device* device = peer_device();
  // Of a space that is not shared nothing is held, as far as this peer is told.
  if (device == nullptr || !core_.membership().may_read(device->member, asked->space.in(core_.realm()))) asked->cells.clear();
  answering_ = std::move(*asked);
  answered_ = 0;
  return {};
}

Result<void> ValueTalk::on_given(const Message& message) {
  auto given = decode_message<ValuesGiven>(message.body);
  if (!given) return given.error();
  if (!asking_) return {};
  auto taken = values::take(core_, *given, asked_);
  if (!taken) return taken.error();
  mended_ += *taken;
  asking_ = given->more;
  give_up_at_ = now_ + answer_max;
  return {};
}

Result<void> ValueTalk::on_checkpoint_wanted(const Message& message) {
  auto wanted = decode_message<CheckpointWanted>(message.body);
  if (!wanted) return wanted.error();
  const Device* device = peer_device();
  const bool by_authority = device != nullptr && device->member == core_.membership().authority();
  // Each costs a pass over the space: a second time in a session nobody needs it.
  if (!by_authority || !claims_.insert(checkpoint_hash(wanted->claim)).second || claims_.size() > limits::spaces_max) return {};
  if (auto made = checkpoints::sign(core_, wanted->claim)) out_.push_back(encode_message(CheckpointSigned{std::move(*made)}));
  return {};
}

Result<void> ValueTalk::on_checkpoint_signed(const Message& message) {
  auto made = decode_message<CheckpointSigned>(message.body);
  if (!made) return made.error();
  if (!claims_.contains(checkpoint_hash(made->checkpoint.claim)) || core_.files().issuing_key() == nullptr) return {};
  // What does not fit any more is planned anew some day.
  if (checkpoints::countersign(core_, made->checkpoint)) control_changed_ = true;
  return {};
}

void ValueTalk::look(SteadyTime now) {
  now_ = now;
  if (asking_ && now >= give_up_at_) {
    asking_ = false;
    to_ask_.clear();
  }
  if (looked_at_ && (now - *looked_at_ < look_every || looked_generation_ == core_.generation())) return;
  looked_at_ = now;
  looked_generation_ = core_.generation();
  const Device* device = peer_device();
  if (device == nullptr) return;
  if (asked_.size() < asked_in_a_session_max) {
    for (ValuesWanted& one : values::wanted(core_, device->member, asked_, asked_in_a_session_max - asked_.size())) {
      asked_.insert(one.cells.begin(), one.cells.end());
      to_ask_.push_back(std::move(one));
    }
  }
  for (CheckpointClaim& claim : checkpoints::due(core_, device->member)) {
    if (device->member == core_.membership().authority() || !claims_.insert(checkpoint_hash(claim)).second) continue;
    out_.push_back(encode_message(CheckpointWanted{std::move(claim)}));
  }
}

std::optional<Message> ValueTalk::next() {
  if (!out_.empty()) {
    Message message = std::move(out_.front());
    out_.pop_front();
    return message;
  }
  if (answering_) {
    const ValuesGiven given = values::give(core_, *answering_, answered_, answer_bytes_soft);
    if (!given.more) answering_.reset();
    return encode_message(given);
  }
  if (asking_ || to_ask_.empty()) return std::nullopt;
  asking_ = true;
  give_up_at_ = now_ + answer_max;
  Message message = encode_message(to_ask_.front());
  to_ask_.pop_front();
  return message;
}

}  // namespace kiz
