#include "protocol/channel.h"

#include <doctest/doctest.h>

#include "protocol/limits.h"
#include "tests/support/noise_pair.h"

using namespace kiz;
using test::key_of;

namespace {

struct ChannelPair {
  Channel a;
  Channel b;

  explicit ChannelPair(RekeyAfter rekey = {})
      : a(noise::CipherState{key_of(1)}, noise::CipherState{key_of(2)}, rekey),
        b(noise::CipherState{key_of(2)}, noise::CipherState{key_of(1)}, rekey) {}
};

Bytes noise_bytes(std::size_t size, std::uint64_t seed = 1) {
  Bytes out(size);
  for (auto& b : out) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    b = static_cast<std::uint8_t>(seed >> 56);
  }
  return out;
}

Bytes flushed(Channel& channel) {
  Bytes out;
  channel.flush(out);
  return out;
}

std::vector<ReceivedMessage> drained(Channel& channel) {
  std::vector<ReceivedMessage> out;
  while (true) {
    auto message = channel.next();
    REQUIRE(message);
    if (!*message) return out;
    out.push_back(**std::move(message));
  }
}

std::size_t frame_count(ByteView frames) {
  std::size_t count = 0;
  while (!frames.empty()) {
    frames = frames.subspan(2 + (std::size_t{frames[0]} << 8 | frames[1]));
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("channel: messages of any size arrive, however the bytes are cut") {
  const std::size_t sizes[] = {0, 1, 256, 257, 65518, 65519, 65520, 200000, limits::message_bytes_max};
  for (const std::size_t step : {997u, 65536u, 100000u}) {
    ChannelPair pair;
    for (const std::size_t size : sizes) REQUIRE(pair.a.send(static_cast<std::uint32_t>(size), noise_bytes(size)));
    const Bytes wire = flushed(pair.a);
    std::vector<ReceivedMessage> received;
    for (std::size_t at = 0; at < wire.size(); at += step) {
      REQUIRE(pair.b.feed(ByteView{wire}.subspan(at, std::min<std::size_t>(step, wire.size() - at))));
      for (auto& message : drained(pair.b)) received.push_back(std::move(message));
    }
    REQUIRE(received.size() == std::size(sizes));
    for (std::size_t i = 0; i < std::size(sizes); ++i) {
      CHECK(received[i].kind == sizes[i]);
      CHECK(received[i].body == noise_bytes(sizes[i]));
    }
  }
}

TEST_CASE("channel: nothing is given out before it is whole") {
  ChannelPair pair;
  REQUIRE(pair.a.send(7, view("first")));
  REQUIRE(pair.a.send(8, noise_bytes(3000)));
  const Bytes wire = flushed(pair.a);
  for (std::size_t i = 0; i + 1 < wire.size(); ++i) {
    REQUIRE(pair.b.feed(ByteView{wire}.subspan(i, 1)));
    CHECK(drained(pair.b).empty());
  }
  REQUIRE(pair.b.feed(ByteView{wire}.last(1)));
  CHECK(drained(pair.b).size() == 2);
}

TEST_CASE("channel: small messages share a frame, a large one spans several") {
  ChannelPair pair;
  for (int i = 0; i < 100; ++i) REQUIRE(pair.a.send(1, view("small")));
  CHECK(frame_count(flushed(pair.a)) == 1);
  REQUIRE(pair.a.send(1, noise_bytes(200000)));
  CHECK(frame_count(flushed(pair.a)) == 4);
  CHECK(flushed(pair.a).empty());
}

TEST_CASE("channel: a message gets smaller where it can, and never larger than its header") {
  ChannelPair pair;
  const Bytes same(limits::message_bytes_max, 'a');
  REQUIRE(pair.a.send(1, same));
  const Bytes wire = flushed(pair.a);
  CHECK(wire.size() < 1000);
  REQUIRE(pair.b.feed(wire));
  CHECK(drained(pair.b).at(0).body == same);

  REQUIRE(pair.a.send(1, noise_bytes(1000)));
  CHECK(flushed(pair.a).size() == 2 + 16 + 1 + 2 + 1000);
  REQUIRE(pair.a.send(1, Bytes(256, 'a')));  // too short to try
  CHECK(flushed(pair.a).size() == 2 + 16 + 1 + 2 + 256);
  REQUIRE(pair.a.send(1, Bytes(257, 'a')));
  CHECK(flushed(pair.a).size() < 100);
}

TEST_CASE("channel: both directions change their key at the same frame, and stay in step") {
  for (const RekeyAfter rekey : {RekeyAfter{1, UINT64_MAX}, RekeyAfter{3, UINT64_MAX}, RekeyAfter{UINT64_MAX, 1},
                                 RekeyAfter{UINT64_MAX, 100}, RekeyAfter{2, 60}}) {
    ChannelPair pair{rekey};
    for (int i = 0; i < 20; ++i) {
      REQUIRE(pair.a.send(1, noise_bytes(static_cast<std::size_t>(i * 7))));
      REQUIRE(pair.b.send(2, noise_bytes(static_cast<std::size_t>(i))));
      REQUIRE(pair.b.feed(flushed(pair.a)));
      REQUIRE(pair.a.feed(flushed(pair.b)));
      CHECK(drained(pair.a).size() == 1);
      CHECK(drained(pair.b).size() == 1);
    }
  }
}

TEST_CASE("channel: the key changes behind the frame that reaches the number, not before and not later") {
  // A reader that changes at another frame opens all before it and nothing from there on.
  for (const std::uint64_t theirs : {2u, 4u}) {
    Channel sender{noise::CipherState{key_of(1)}, noise::CipherState{key_of(2)}, RekeyAfter{3, UINT64_MAX}};
    Channel reader{noise::CipherState{key_of(2)}, noise::CipherState{key_of(1)}, RekeyAfter{theirs, UINT64_MAX}};
    for (std::uint64_t frame = 1; frame <= 4; ++frame) {
      REQUIRE(sender.send(1, view("x")));
      REQUIRE(reader.feed(flushed(sender)));
      const bool opens = reader.next() && reader.frames_received() == frame;
      CHECK(opens == (frame <= std::min<std::uint64_t>(theirs, 3)));
    }
  }
  // By bytes: a frame of one message byte "x" has 1 + 2 + 16 = 19 bytes.
  Channel sender{noise::CipherState{key_of(1)}, noise::CipherState{key_of(2)}, RekeyAfter{UINT64_MAX, 38}};
  Channel reader{noise::CipherState{key_of(2)}, noise::CipherState{key_of(1)}, RekeyAfter{2, UINT64_MAX}};
  for (int frame = 0; frame < 6; ++frame) {
    REQUIRE(sender.send(1, view("x")));
    REQUIRE(reader.feed(flushed(sender)));
    CHECK(drained(reader).size() == 1);
  }
}

TEST_CASE("channel: a frame changed at any byte, repeated, left out or exchanged ends the channel") {
  ChannelPair sample;
  REQUIRE(sample.a.send(1, view("message")));
  const Bytes frame = flushed(sample.a);
  REQUIRE(sample.a.send(1, view("second")));
  const Bytes second = flushed(sample.a);
  for (std::size_t i = 2; i < frame.size(); ++i) {
    ChannelPair pair;
    Bytes forged = frame;
    forged[i] ^= 1;
    REQUIRE(pair.b.feed(forged));
    CHECK(pair.b.next().error().code == Errc::malformed);
    REQUIRE(pair.b.feed(frame));
    CHECK(pair.b.next().error().code == Errc::malformed);  // it stays over
  }
  ChannelPair repeated;
  REQUIRE(repeated.b.feed(frame));
  CHECK(drained(repeated.b).size() == 1);
  REQUIRE(repeated.b.feed(frame));
  CHECK_FALSE(repeated.b.next());
  ChannelPair left_out;
  REQUIRE(left_out.b.feed(second));
  CHECK_FALSE(left_out.b.next());
  ChannelPair reflected;
  REQUIRE(reflected.a.feed(frame));  // our own frame sent back
  CHECK_FALSE(reflected.a.next());
}

TEST_CASE("channel: a frame length that no frame has is refused at once") {
  for (std::uint8_t length = 0; length < frame_bytes_min; ++length) {
    ChannelPair pair;
    REQUIRE(pair.b.feed(Bytes{0, length}));
    CHECK(pair.b.next().error().code == Errc::malformed);
  }
  ChannelPair pair;
  REQUIRE(pair.b.feed(Bytes{0, frame_bytes_min}));
  CHECK(drained(pair.b).empty());
}

TEST_CASE("channel: a body over the limit is not sent, and what is not taken is bounded") {
  ChannelPair pair;
  CHECK(pair.a.send(1, Bytes(limits::message_bytes_max + 1)).error().code == Errc::over_limit);
  CHECK_FALSE(pair.a.has_output());
  REQUIRE(pair.b.feed(Bytes(channel_backlog_bytes_max, 0xff)));
  CHECK(pair.b.feed(Bytes{1}).error().code == Errc::over_limit);
}
