#include "protocol/channel.h"

#include "protocol/limits.h"

namespace kiz {

Channel::Channel(noise::CipherState send, noise::CipherState receive, RekeyAfter rekey_after)
    : sending_{std::move(send), rekey_after}, receiving_{std::move(receive), rekey_after} {}

void Channel::Direction::count(std::size_t frame_bytes) {
  ++frames;
  ++frames_under_key;
  bytes_under_key += frame_bytes;
  if (frames_under_key < rekey_after.frames && bytes_under_key < rekey_after.bytes) return;
  cipher.rekey();
  frames_under_key = 0;
  bytes_under_key = 0;
}

Result<void> Channel::send(std::uint32_t kind, ByteView body) { return append_message(kind, body, outgoing_); }

void Channel::flush(Bytes& out) {
  const std::size_t frames = outgoing_.size() / limits::frame_plain_bytes_max + 1;
  out.reserve(out.size() + outgoing_.size() + frames * (2 + noise::tag_bytes));
  for (ByteView left = outgoing_; !left.empty();) {
    const ByteView piece = left.first(std::min(left.size(), limits::frame_plain_bytes_max));
    left = left.subspan(piece.size());
    const std::size_t size = piece.size() + noise::tag_bytes;
    out.push_back(static_cast<std::uint8_t>(size >> 8));
    out.push_back(static_cast<std::uint8_t>(size));
    KIZ_ASSERT(sending_.cipher.seal({}, piece, out));  // only 2^64 frames could make it fail
    sending_.count(size);
  }
  put_to_rest(outgoing_);
}

Result<void> Channel::feed(ByteView in) {
  if (in.size() > channel_backlog_bytes_max - (incoming_.size() - incoming_start_)) {
    return Error{Errc::over_limit, "frames not taken"};
  }
  incoming_.erase(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(incoming_start_));
  incoming_start_ = 0;
  incoming_.insert(incoming_.end(), in.begin(), in.end());
  return {};
}

// Opens one frame into the message stream; false while none is there whole.
Result<bool> Channel::open_frame() {
  const ByteView left = ByteView{incoming_}.subspan(incoming_start_);
  if (left.size() < 2) return false;
  const std::size_t size = std::size_t{left[0]} << 8 | left[1];
  if (size < frame_bytes_min) return Error{Errc::malformed, "frame length"};
  if (left.size() < 2 + size) return false;
  if (!receiving_.cipher.open({}, left.subspan(2, size), reader_.tail())) return Error{Errc::malformed, "frame"};
  receiving_.count(size);
  incoming_start_ += 2 + size;
  if (incoming_start_ == incoming_.size()) {
    put_to_rest(incoming_);
    incoming_start_ = 0;
  }
  return true;
}

Result<std::optional<ReceivedMessage>> Channel::next() {
  while (!failed_) {
    auto message = reader_.next();
    if (message && *message) return message;
    if (!message) {
      failed_ = message.error();
    } else if (const auto opened = open_frame(); !opened) {
      failed_ = opened.error();
    } else if (!*opened) {
      return std::optional<ReceivedMessage>{};
    }
  }
  return *failed_;
}

}  // namespace kiz
