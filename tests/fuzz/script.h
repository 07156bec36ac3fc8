// The input of a stateful target: what the other side says, one message behind the other, and what happens here between
// them. Every byte means something, so that no mutation is lost on the form:
//
//   0..239   a message of this kind: length 2 bytes, little-endian, then as much of the body as there is
//   240..247 seconds pass: 1 byte
//   others   the driver does something of its own
#pragma once

#include <chrono>
#include <optional>

#include "tests/fuzz/message_kinds.h"

namespace kiz::fuzz {

inline constexpr std::uint8_t time_step = 240;
inline constexpr std::uint8_t local_step = 248;

struct Step {
  std::uint8_t what = 0;
  ByteView body;

  bool is_message() const { return what < time_step; }
  bool is_time() const { return what >= time_step && what < local_step; }
  bool is_local() const { return what >= local_step; }
  Message message() const { return {static_cast<MessageKind>(what), {body.begin(), body.end()}}; }
  std::chrono::seconds time() const { return std::chrono::seconds{body.empty() ? 0 : body[0]}; }
};

class Script {
 public:
  explicit Script(ByteView in) : rest_(in) {}

  std::optional<Step> next() {
    if (rest_.empty()) return std::nullopt;
    Step step{take(1)[0], {}};
    if (step.is_time()) step.body = take(1);
    if (step.is_message()) {
      const ByteView length = take(2);
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < length.size(); ++i) bytes |= std::size_t{length[i]} << (8 * i);
      step.body = take(bytes);
    }
    return step;
  }

 private:
  ByteView take(std::size_t bytes) {
    const ByteView out = rest_.first(std::min(bytes, rest_.size()));
    rest_ = rest_.subspan(out.size());
    return out;
  }

  ByteView rest_;
};

inline void write_message(const Message& message, Bytes& out) {
  KIZ_ASSERT(static_cast<std::uint32_t>(message.kind) < time_step && message.body.size() <= 0xFFFF);
  out.push_back(static_cast<std::uint8_t>(message.kind));
  out.push_back(static_cast<std::uint8_t>(message.body.size()));
  out.push_back(static_cast<std::uint8_t>(message.body.size() >> 8));
  out.insert(out.end(), message.body.begin(), message.body.end());
}
inline void write_time(std::uint8_t seconds, Bytes& out) { out.insert(out.end(), {time_step, seconds}); }
inline void write_local(Bytes& out) { out.push_back(local_step); }

/// What we say ourselves is right, whatever we were told.
inline void expect_own_message(const Message& message) {
  for (const MessageDecoder& decoder : message_decoders) {
    if (decoder.kind == message.kind) KIZ_ASSERT(decoder.takes(message.body));
  }
}

}  // namespace kiz::fuzz
