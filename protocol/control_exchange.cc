#include "protocol/control_exchange.h"

#include <algorithm>

#include "protocol/control_log.h"
#include "protocol/limits.h"

namespace kiz {
namespace {
constexpr std::size_t batch_bytes_max = 256u << 10;
}

void ControlExchange::peer_at(const ControlPosition& position) {
  const bool repeated = theirs_ == position;
  theirs_ = position;
  if (!repeated) stuck_ = false;
  plan(repeated);
}

void ControlExchange::own_changed() {
  stuck_ = false;
  if (theirs_) plan(false);
}

bool ControlExchange::equal() const { return theirs_ && *theirs_ == source_.control_position(); }

void ControlExchange::plan(bool repeated) {
  const ControlPosition mine = source_.control_position();
  if (*theirs_ == mine) {
    forked_ = stuck_ = false;
    return;
  }
  const auto at = source_.control_at(theirs_->seq);
  if (theirs_->seq == 0 || at == theirs_) return offer(theirs_->seq + 1, repeated);
  // It stands on a branch that was closed, and where that parts from ours only its own records tell: all of its epoch.
  if (theirs_->epoch < mine.epoch) return offer(source_.first_after_epoch(theirs_->epoch - 1), repeated);
  if (theirs_->epoch > mine.epoch || !at) return;  // the peer is ahead; if it is on another branch, it can tell and we cannot
  forked_ = true;
  if (!proof_sent_) proof_ = theirs_->seq;
}

void ControlExchange::offer(Seq first, bool repeated) {
  const ControlPosition mine = source_.control_position();
  if (sent_epoch_ != mine.epoch) sent_through_ = 0;
  if (repeated && sent_through_ >= mine.seq) {
    stuck_ = true;
    return;
  }
  next_ = std::max(first, sent_through_ + 1);
  if (first == 0 || next_ > mine.seq) next_ = 0;
}

Result<bool> ControlExchange::peer_proved(ByteView bytes) {
  const auto record = decode_control_record(bytes);
  if (!record) return record.error();
  const auto mine = source_.control_at(record->seq);
  const ControlPosition shown = position_of(*record);
  if (!mine || *mine == shown) return false;
  forked_ = true;
  if (!proof_sent_) proof_ = record->seq;
  return true;
}

std::optional<Message> ControlExchange::next_message() {
  if (proof_) {
    const Seq seq = *proof_;
    proof_.reset();
    proof_sent_ = true;
    if (auto records = source_.control_records(seq, 1); !records.empty()) {
      return encode_message(ControlProof{std::move(records.front())});
    }
  }
  if (next_ == 0) return {};
  ControlRecords out{source_.control_records(next_, batch_bytes_max)};
  if (out.records.size() > limits::control_message_records_max) out.records.resize(limits::control_message_records_max);
  KIZ_ASSERT(!out.records.empty());
  sent_epoch_ = source_.control_position().epoch;
  sent_through_ = next_ + out.records.size() - 1;
  next_ = sent_through_ < source_.control_position().seq ? sent_through_ + 1 : 0;
  return encode_message(out);
}

}  // namespace kiz
