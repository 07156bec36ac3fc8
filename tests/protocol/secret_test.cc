#include "protocol/secret.h"

#include <doctest/doctest.h>

#include <type_traits>

using namespace kiz;

TEST_CASE("secret: moves, and is copied only by name") {
  static_assert(!std::is_copy_constructible_v<SecretKey32> && !std::is_copy_assignable_v<SecretKey32>);
  static_assert(std::is_nothrow_move_constructible_v<SecretBytes> && std::is_nothrow_move_assignable_v<SecretBytes>);

  const Bytes text(32, 7);
  SecretKey32 first{text};
  const SecretKey32 copy = first.clone();
  SecretKey32 second = std::move(first);
  CHECK(second == copy);
  second.writable()[31] = 8;
  CHECK_FALSE(second == copy);
  CHECK(std::equal(text.begin(), text.end(), copy.view().begin()));
}

TEST_CASE("secret: is all zero until written, also where another secret lay before") {
  const std::uint8_t* place = nullptr;
  {
    const SecretKey32 key{Bytes(32, 0xaa)};
    place = key.view().data();
  }
  const SecretKey32 next;
  CHECK(next.view().data() == place);  // the slot is used again
  CHECK(std::all_of(next.view().begin(), next.view().end(), [](auto b) { return b == 0; }));
}

TEST_CASE("secret: is wiped when it goes or is replaced") {
  const std::uint8_t* place = nullptr;
  SecretKey32 kept{Bytes(32, 0x55)};
  place = kept.view().data();
  kept = SecretKey32{Bytes(32, 0x66)};
  CHECK(place != kept.view().data());
  CHECK(std::all_of(place, place + 32, [](auto b) { return b == 0; }));  // slots stay mapped, so this may be read
  CHECK(kept.view()[0] == 0x66);
}

TEST_CASE("secret: any length, from none to many pages") {
  for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 4096u, 4097u, 20000u}) {
    SecretBytes bytes{Bytes(size, 3)};
    CHECK(bytes.size() == size);
    const SecretBytes copy = bytes.clone();
    CHECK(equal_in_constant_time(bytes.view(), copy.view()));
    SecretBytes other = std::move(bytes);
    CHECK(other.size() == size);
  }
}

TEST_CASE("secret: neighbours do not touch") {
  std::vector<SecretKey32> keys;
  for (std::uint8_t i = 0; i < 200; ++i) keys.emplace_back(Bytes(32, i));
  keys.erase(keys.begin() + 50, keys.begin() + 150);
  for (std::uint8_t i = 0; i < 100; ++i) keys.emplace_back(Bytes(32, static_cast<std::uint8_t>(100 + i)));
  for (const auto& key : keys) CHECK(std::equal(key.view().begin() + 1, key.view().end(), key.view().begin()));
  CHECK(keys[0].view()[0] == 0);
  CHECK(keys[50].view()[0] == 150);
}

TEST_CASE("secret: comparing looks at every byte") {
  const Bytes a(32, 1);
  for (std::size_t i = 0; i < a.size(); ++i) {
    Bytes b = a;
    b[i] ^= 0x80;
    CHECK_FALSE(equal_in_constant_time(a, b));
  }
  CHECK(equal_in_constant_time(a, Bytes(32, 1)));
  CHECK_FALSE(equal_in_constant_time(a, Bytes(31, 1)));
  CHECK(equal_in_constant_time({}, {}));
}
