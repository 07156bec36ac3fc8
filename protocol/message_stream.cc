#include "protocol/message_stream.h"

#include <algorithm>

#include "protocol/limits.h"
#include "protocol/message.h"
#include "protocol/packing.h"
#include "protocol/wire.h"

namespace kiz {

namespace {

// A number of at most 35 bits from the front of `in`; nothing while its end has not arrived.
Result<std::optional<std::uint64_t>> next_varint(ByteView& in) {
  constexpr std::size_t varint_bytes_max = 5;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < std::min(in.size(), varint_bytes_max); ++i) {
    value |= std::uint64_t{in[i] & 0x7fu} << (7 * i);
    if ((in[i] & 0x80) != 0) continue;
    if (i > 0 && in[i] == 0) return Error{Errc::not_canonical, "message header"};
    in = in.subspan(i + 1);
    return std::optional{value};
  }
  if (in.size() >= varint_bytes_max) return Error{Errc::over_limit, "message header"};
  return std::optional<std::uint64_t>{};
}

// An edit goes to each of a node's peers in the same bytes: they are packed once. Runs alone are kept; other messages may
// hold secrets.
const std::optional<Bytes>& packed_run(ByteView body) {
  struct Last {
    Bytes body;
    std::optional<Bytes> packed;
  };
  thread_local Last last;
  if (!std::equal(body.begin(), body.end(), last.body.begin(), last.body.end())) last = {Bytes(body.begin(), body.end()), pack(body)};
  return last.packed;
}

std::optional<Bytes> packed(std::uint32_t kind, ByteView body) {
  constexpr std::size_t kept_bytes_max = 16u << 10;
  const bool may_come_again = kind == static_cast<std::uint32_t>(MessageKind::run) && body.size() <= kept_bytes_max;
  return may_come_again ? packed_run(body) : pack(body);
}

}  // namespace

Result<void> append_message(std::uint32_t kind, ByteView body, Bytes& stream) {
  if (body.size() > limits::message_bytes_max) return Error{Errc::over_limit, "message"};
  const auto smaller = packed(kind, body);
  const ByteView stored = smaller ? ByteView{*smaller} : body;
  wire::Writer header;
  header.varint(kind);
  header.varint(stored.size() * 2 + (smaller ? 1 : 0));
  stream.reserve(stream.size() + header.bytes().size() + stored.size());
  stream.insert(stream.end(), header.bytes().begin(), header.bytes().end());
  stream.insert(stream.end(), stored.begin(), stored.end());
  return {};
}

void put_to_rest(Bytes& buffer) {
  constexpr std::size_t kept_bytes = 1024;
  if (buffer.capacity() > kept_bytes) {
    buffer = Bytes{};
  } else {
    buffer.clear();
  }
}

Bytes& MessageReader::tail() {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start_));
  start_ = 0;
  return bytes_;
}

Result<std::optional<ReceivedMessage>> MessageReader::next() {
  ByteView left = ByteView{bytes_}.subspan(start_);
  const auto kind = next_varint(left);
  if (!kind) return kind.error();
  if (!*kind) return std::optional<ReceivedMessage>{};
  if (**kind > UINT32_MAX) return Error{Errc::over_limit, "message kind"};
  const auto length_and_form = next_varint(left);
  if (!length_and_form) return length_and_form.error();
  if (!*length_and_form) return std::optional<ReceivedMessage>{};
  const std::uint64_t length = **length_and_form / 2;
  const bool packed = **length_and_form % 2 == 1;
  if (length > limits::message_bytes_max) return Error{Errc::over_limit, "message"};
  if (length > left.size()) return std::optional<ReceivedMessage>{};

  ReceivedMessage message{static_cast<std::uint32_t>(**kind), {}};
  const ByteView stored = left.first(static_cast<std::size_t>(length));
  if (packed) {
    auto body = unpack(stored, limits::message_bytes_max);
    if (!body) return body.error();
    message.body = *std::move(body);
  } else {
    message.body.assign(stored.begin(), stored.end());
  }
  start_ = bytes_.size() - left.size() + stored.size();
  if (start_ == bytes_.size()) {
    put_to_rest(bytes_);
    start_ = 0;
  }
  return std::optional{std::move(message)};
}

bool reads_as_messages(ByteView in, std::size_t step) {
  MessageReader reader;
  step = std::max<std::size_t>(step, 1);
  while (true) {
    const ByteView piece = in.first(std::min(step, in.size()));
    in = in.subspan(piece.size());
    Bytes& tail = reader.tail();
    tail.insert(tail.end(), piece.begin(), piece.end());
    while (true) {
      const auto message = reader.next();
      if (!message) return false;
      if (!*message) break;
      KIZ_ASSERT((*message)->body.size() <= limits::message_bytes_max);
    }
    if (in.empty()) return reader.tail().empty();
  }
}

}  // namespace kiz
