// Encrypted frames after the handshake, and the messages in them. Rules: SPEC.md §7.3 and §7.4.
//
//   frame = length 2, big-endian, 17 to 65535 | that many bytes: ChaCha20-Poly1305 of 1 to 65519 bytes of the message stream
//
// Sans-IO: what send() queues comes out of flush() as bytes for the socket; what the socket gives goes into feed() and comes
// out of next() message by message. Both keys are replaced after a fixed number of frames or bytes, so that whoever gets
// hold of a running process's keys cannot read what an observer recorded before.
#pragma once

#include "protocol/cipher_state.h"
#include "protocol/message_stream.h"

namespace kiz {

inline constexpr std::size_t frame_bytes_min = 17;            // a tag and one byte
inline constexpr std::size_t channel_backlog_bytes_max = 4u << 20;  // fed but not yet taken by next()

/// A direction changes its key behind the frame that reaches either number. Constants of suite 1; tests use smaller ones.
struct RekeyAfter {
  std::uint64_t frames = std::uint64_t{1} << 16;
  std::uint64_t bytes = std::uint64_t{1} << 30;  // of ciphertext with tags, without the two bytes of the length
};

class Channel {
 public:
  Channel(noise::CipherState send, noise::CipherState receive, RekeyAfter rekey_after = {});

  /// Queues one message; small ones share a frame if they are sent before the same flush().
  /// errors   over_limit: body longer than limits::message_bytes_max (nothing is queued)
  Result<void> send(std::uint32_t kind, ByteView body);
  bool has_output() const { return !outgoing_.empty(); }
  /// Seals all that is queued and appends the frames to `out`.
  void flush(Bytes& out);

  /// Bytes as they came from the peer, in pieces of any size.
  /// errors   over_limit: more than 4 MiB are waiting for next(); the caller reads faster than it takes
  Result<void> feed(ByteView in);
  /// The next message that has arrived whole.
  /// errors   malformed: a frame that is not the peer's next one; and those of MessageReader::next().
  ///          The channel is over then and repeats the error
  Result<std::optional<ReceivedMessage>> next();

  std::uint64_t frames_sent() const { return sending_.frames; }
  /// More than 0 means: the peer came to the same keys, so the handshake is finished on its side too.
  std::uint64_t frames_received() const { return receiving_.frames; }

 private:
  struct Direction {
    noise::CipherState cipher;
    RekeyAfter rekey_after;
    std::uint64_t frames = 0;
    std::uint64_t frames_under_key = 0;
    std::uint64_t bytes_under_key = 0;

    void count(std::size_t frame_bytes);
  };

  Result<bool> open_frame();

  Direction sending_;
  Direction receiving_;
  Bytes outgoing_;  // message stream, not yet sealed
  Bytes incoming_;  // frames, not yet opened
  std::size_t incoming_start_ = 0;
  MessageReader reader_;
  std::optional<Error> failed_;
};

}  // namespace kiz
