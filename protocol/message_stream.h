// Messages in the stream of plaintext bytes that frames carry. Rules: SPEC.md §7.4.
//
//   kind varint | length * 2 + packed varint | length bytes: the body, or its zstd frame if packed is 1
//
// Frames are cut from this stream wherever they are full, so a message may span many frames and a frame may hold many
// messages; no fragment headers are needed because the frames of a channel arrive in order or not at all.
#pragma once

#include <optional>

#include "kiz/bytes.h"
#include "kiz/result.h"

namespace kiz {

struct ReceivedMessage {
  std::uint32_t kind = 0;  // not judged here
  Bytes body;
};

/// Appends one message to `stream`, packed if that makes it smaller.
/// errors   over_limit: body longer than limits::message_bytes_max (nothing is appended)
Result<void> append_message(std::uint32_t kind, ByteView body, Bytes& stream);

/// Empties a buffer of a connection. One that has become large is let go of: most connections are at rest most of the time,
/// and a node has thousands of them.
void put_to_rest(Bytes& buffer);

/// Takes the stream in pieces of any size. Holds at most one unfinished message beyond what was put in last, and unpacks
/// one message at a time: a frame full of tiny packed messages cannot fill the memory of a reader that takes them singly.
class MessageReader {
 public:
  /// Where the next piece of the stream is to be appended. Valid until the next call of anything else.
  Bytes& tail();

  /// The next whole message, or nothing yet.
  /// errors   over_limit: a claimed length, or unpacked size, above limits::message_bytes_max; refused before it arrives
  ///          malformed, not_canonical: not such a stream. It cannot be read on after any error
  Result<std::optional<ReceivedMessage>> next();

 private:
  Bytes bytes_;
  std::size_t start_ = 0;  // of what is not taken yet
};

/// For fuzzing: puts `in` through a reader in pieces of `step` bytes (0 counts as 1). True if all of it was messages.
bool reads_as_messages(ByteView in, std::size_t step);

}  // namespace kiz
