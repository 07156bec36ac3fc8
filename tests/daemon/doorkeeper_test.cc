#include "daemon/doorkeeper.h"

#include <doctest/doctest.h>

using namespace kiz;
using namespace std::chrono_literals;
using Time = Doorkeeper::Time;

namespace {

std::array<std::uint8_t, 16> v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
}
std::array<std::uint8_t, 16> v6(std::uint8_t net, std::uint8_t host) {
  return {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, net, 0, 0, 0, 0, 0, 0, 0, host};
}

// How many of `calls` that come within `length` are let in.
int let_in(Doorkeeper& door, const CallerPrefix& from, int calls, Time begin, Time length) {
  int in = 0;
  for (int i = 0; i < calls; ++i) in += door.let_in(from, begin + length * i / calls) ? 1 : 0;
  return in;
}

}  // namespace

TEST_CASE("doorkeeper: a flood from one address is let in at 20 a second, and others do not feel it") {
  Doorkeeper door;
  const CallerPrefix flood = prefix_of(v4(192, 0, 2, 1)), honest = prefix_of(v4(192, 0, 2, 2));
  const int in = let_in(door, flood, 50'000, 1h, 10s);
  CHECK(in >= 290);
  CHECK(in <= 301);
  CHECK(door.turned_away() == 50'000u - static_cast<unsigned>(in));
  CHECK(door.let_in(honest, 1h + 10s));
  CHECK(let_in(door, flood, 1000, 2h, 0s) == 100);  // rested
}

TEST_CASE("doorkeeper: handshakes that succeed are free: a whole Kreis may call from one address") {
  Doorkeeper door;
  const CallerPrefix gateway = prefix_of(v4(198, 51, 100, 7));
  for (int i = 0; i < 5000; ++i) {
    REQUIRE(door.let_in(gateway, 1h));
    door.made_it(gateway);
  }
}

TEST_CASE("doorkeeper: IPv6 addresses of one line count as one, IPv4 addresses each for itself") {
  CHECK(prefix_of(v6(1, 1)) == prefix_of(v6(1, 200)));
  CHECK(prefix_of(v6(1, 1)) != prefix_of(v6(2, 1)));
  CHECK(prefix_of(v4(192, 0, 2, 1)) != prefix_of(v4(192, 0, 2, 2)));
}

TEST_CASE("doorkeeper: a million addresses do not fill the table, and known ones are served meanwhile") {
  Doorkeeper door;
  const CallerPrefix known = prefix_of(v4(192, 0, 2, 9));
  REQUIRE(door.let_in(known, 1h));
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    const auto byte = [i](int shift) { return static_cast<std::uint8_t>(i >> shift); };
    static_cast<void>(door.let_in(prefix_of(v4(10, byte(16), byte(8), byte(0))), 1h));
  }
  CHECK(door.addresses() <= Doorkeeper::addresses_max);
  CHECK(door.let_in(known, 1h));
  CHECK(door.let_in(prefix_of(v4(203, 0, 113, 1)), 2h));  // the flood has gone by
  CHECK(door.addresses() < 10);
}

TEST_CASE("seldom: one line a minute says how many were held back") {
  Seldom line{1min};
  std::uint64_t held_back = 99;
  CHECK(line.now(5s, held_back));
  CHECK(held_back == 0);
  for (int i = 0; i < 500; ++i) CHECK_FALSE(line.now(6s, held_back));
  CHECK(line.now(66s, held_back));
  CHECK(held_back == 500);

  Seldom lines{1min, 3};
  int written = 0;
  for (int i = 0; i < 120; ++i) written += lines.now(1h + i * 1s, held_back) ? 1 : 0;
  CHECK(written == 6);
}
