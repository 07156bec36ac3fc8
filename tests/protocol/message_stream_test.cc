#include "protocol/message_stream.h"

#include <doctest/doctest.h>

#include "protocol/limits.h"
#include "protocol/packing.h"
#include "protocol/wire.h"

using namespace kiz;

namespace {

Errc read_error(const Bytes& stream) {
  MessageReader reader;
  reader.tail() = stream;
  while (true) {
    const auto message = reader.next();
    if (!message) return message.error().code;
    if (!*message) return Errc::ok;
  }
}

Bytes stream_of(std::uint64_t kind, ByteView stored, bool packed) {
  wire::Writer out;
  out.varint(kind);
  out.varint(stored.size() * 2 + (packed ? 1 : 0));
  out.raw(stored);
  return out.take();
}

// A zstd frame header by hand: magic, descriptor, window or content size, then one RLE block of `block` zeros, the last.
Bytes zstd_frame(std::initializer_list<std::uint8_t> header, std::uint32_t block) {
  Bytes out{0x28, 0xb5, 0x2f, 0xfd};
  out.insert(out.end(), header);
  const std::uint32_t block_header = block << 3 | 1u << 1 | 1u;
  for (int i = 0; i < 3; ++i) out.push_back(static_cast<std::uint8_t>(block_header >> (8 * i)));
  out.push_back(0);
  return out;
}

}  // namespace

TEST_CASE("packing: what is packed is unpacked, and only what gets smaller is packed") {
  const Bytes text(5000, 'x');
  const auto packed = pack(text);
  REQUIRE(packed);
  CHECK(packed->size() < 100);
  CHECK(*unpack(*packed, 5000) == text);
  CHECK(unpack(*packed, 4999).error().code == Errc::over_limit);
  CHECK_FALSE(pack(Bytes(packing_bytes_min, 'x')));
  CHECK(pack(Bytes(packing_bytes_min + 1, 'x')));
}

TEST_CASE("packing: every truncation and every appended byte is refused") {
  Bytes text;
  for (int i = 0; i < 2000; ++i) text.push_back(static_cast<std::uint8_t>(i * i >> 3));
  const Bytes packed = *pack(text);
  for (std::size_t n = 0; n < packed.size(); ++n) CHECK_FALSE(unpack(ByteView{packed}.first(n), 1u << 20));
  Bytes longer = packed;
  longer.push_back(0);
  CHECK_FALSE(unpack(longer, 1u << 20));

  Bytes twice = *pack(Bytes(5000, 'x'));
  const Bytes once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  CHECK(unpack(twice, 1u << 20).error().code == Errc::malformed);
}

TEST_CASE("packing: bombs are refused before memory is reserved") {
  // Single segment, content size in 2 bytes: 256 + 0x0400. One honest frame by hand first.
  CHECK(unpack(zstd_frame({0x60, 0x00, 0x04}, 1024 + 256), 4096)->size() == 1280);
  // No content size: window descriptor alone.
  CHECK(unpack(zstd_frame({0x00, 0x58}, 1024), 4096).error().code == Errc::malformed);
  // Content size of 8 bytes: 10 GiB.
  CHECK(unpack(zstd_frame({0xe0, 0, 0, 0, 0x80, 2, 0, 0, 0}, 1024), limits::message_bytes_max).error().code == Errc::over_limit);
  CHECK(unpack(zstd_frame({0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 1024), SIZE_MAX / 2).error().code !=
        Errc::ok);
  // A window of 16 MiB (exponent 14) and one of 2 TiB and more, with a small content size in 4 bytes.
  CHECK(unpack(zstd_frame({0x80, 14 << 3, 0x00, 0x05, 0, 0}, 1280), 4096).error().code == Errc::over_limit);
  CHECK(unpack(zstd_frame({0x80, 0xff, 0x00, 0x05, 0, 0}, 1280), 4096).error().code == Errc::over_limit);
  CHECK(unpack(zstd_frame({0x80, 13 << 3, 0x00, 0x05, 0, 0}, 1280), 4096));  // 8 MiB is allowed
  // Claims less or more than it holds.
  CHECK(unpack(zstd_frame({0x60, 0x00, 0x03}, 1024 + 256), 4096).error().code == Errc::malformed);
  CHECK(unpack(zstd_frame({0x60, 0x00, 0x05}, 1024 + 256), 4096).error().code == Errc::malformed);
  // A dictionary, a skippable frame, a packed form that is not smaller.
  CHECK(unpack(zstd_frame({0x61, 7, 0x00, 0x04}, 1280), 4096).error().code == Errc::malformed);
  CHECK(unpack(Bytes{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0}, 4096).error().code == Errc::malformed);
  CHECK(unpack(zstd_frame({0x20, 0x05}, 5), 4096).error().code == Errc::not_canonical);
}

TEST_CASE("message stream: a length over the limit is refused before the bytes arrive") {
  Bytes stream;
  REQUIRE(append_message(1, Bytes(limits::message_bytes_max), stream));
  CHECK(read_error(stream) == Errc::ok);
  CHECK(append_message(1, Bytes(limits::message_bytes_max + 1), stream).error().code == Errc::over_limit);

  wire::Writer header;
  header.varint(1);
  header.varint((limits::message_bytes_max + 1) * 2);
  CHECK(read_error(header.bytes()) == Errc::over_limit);
  CHECK(read_error(Bytes{1, 0xff, 0xff, 0xff, 0xff, 0xff}) == Errc::over_limit);
  CHECK(read_error(Bytes{0xff, 0xff, 0xff, 0xff, 0xff}) == Errc::over_limit);
  CHECK(read_error(Bytes{0xff, 0xff, 0xff, 0xff, 0x1f, 0}) == Errc::over_limit);  // kind of 33 bits
  CHECK(read_error(Bytes{0xff, 0xff, 0xff, 0xff, 0x0f, 0}) == Errc::ok);
  CHECK(read_error(Bytes{0x81, 0x00, 0}) == Errc::not_canonical);
}

TEST_CASE("message stream: a packed message that unpacks over the limit is refused") {
  const Bytes fits = *pack(Bytes(limits::message_bytes_max, 0));
  CHECK(read_error(stream_of(1, fits, true)) == Errc::ok);
  const Bytes larger = *pack(Bytes(limits::message_bytes_max + 1, 0));
  CHECK(read_error(stream_of(1, larger, true)) == Errc::over_limit);
  CHECK(read_error(stream_of(1, Bytes(300, 7), true)) == Errc::malformed);
}

TEST_CASE("message stream: a reader in pieces of any size sees the same messages") {
  Bytes stream;
  for (std::size_t size : {0u, 1u, 300u, 5000u}) REQUIRE(append_message(3, Bytes(size, 'q'), stream));
  for (const std::size_t step : {1u, 2u, 3u, 64u, 10000u}) CHECK(reads_as_messages(stream, step));
  for (std::size_t cut = 1; cut < stream.size(); cut += 3) {
    const bool at_an_end = cut == 2 || cut == 5;
    CHECK(reads_as_messages(ByteView{stream}.first(cut), 4) == at_an_end);
  }
}
