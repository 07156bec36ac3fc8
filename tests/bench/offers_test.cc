#include "tests/bench/offers.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include "kiz/bytes.h"

namespace {

std::string sha256_of_lines(int count, std::uint32_t seed, std::size_t& total) {
  kiz::bench::OfferGenerator generator{seed};
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (int i = 0; i < count; ++i) {
    const std::string line = kiz::bench::to_json(generator.next()) + "\n";
    total += line.size();
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(line.data()), line.size());
  }
  kiz::Bytes out(crypto_hash_sha256_BYTES);
  crypto_hash_sha256_final(&state, out.data());
  return kiz::to_hex(out);
}

}  // namespace

TEST_CASE("bench offers: the usual 100,000 are the very bytes other systems were measured on") {
  std::size_t bytes = 0;
  const auto hash = sha256_of_lines(100000, kiz::bench::usual_seed, bytes);
  CHECK(bytes == 62180474);
  CHECK(hash == "cc75cadfa5e68cf16b1169f8ea91cd919eec01feb95c50bc1c882e45f57b6e2f");
}

TEST_CASE("bench offers: another seed gives other records") {
  CHECK(kiz::bench::to_json(kiz::bench::OfferGenerator{1}.next()) !=
        kiz::bench::to_json(kiz::bench::OfferGenerator{2}.next()));
}
