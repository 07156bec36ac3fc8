#include "protocol/bundle_seal.h"

#include <doctest/doctest.h>

#include "protocol/noise_suite.h"

using namespace kiz;

namespace {

SecretKey32 key(std::uint8_t n) { return SecretKey32{Bytes(32, n)}; }
BundleSecrets fresh() { return {key(90), key(91)}; }

Bytes seal(const std::vector<TransportKey>& recipients, ByteView inside) {
  Bytes out;
  auto sealer = BundleSealer::begin(BundleKind::exchange, recipients, fresh(), out);
  REQUIRE(sealer);
  sealer->add(inside, out);
  sealer->finish(out);
  return out;
}

Result<Bytes> open(const SecretKey32& own, ByteView file, std::size_t step = 1u << 20) {
  BundleOpener opener{own};
  Bytes inside;
  while (!file.empty()) {
    const std::size_t n = std::min(step, file.size());
    if (auto fed = opener.feed(file.first(n), inside); !fed) return fed.error();
    file = file.subspan(n);
  }
  if (auto ended = opener.finish(inside); !ended) return ended.error();
  return inside;
}

Errc refusal(const SecretKey32& own, ByteView file) {
  const auto opened = open(own, file);
  return opened ? Errc::ok : opened.error().code;
}

Bytes counting(std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return out;
}

}  // namespace

TEST_CASE("bundle_seal: each recipient opens what was sealed, at every size around a chunk") {
  const auto alice = key(1), bob = key(2);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, bundle_chunk_bytes - 1, bundle_chunk_bytes, bundle_chunk_bytes + 1,
                                 2 * bundle_chunk_bytes}) {
    CAPTURE(size);
    const Bytes inside = counting(size);
    const Bytes file = seal({noise::public_key(alice), noise::public_key(bob)}, inside);
    for (const auto* own : {&alice, &bob}) {
      const auto opened = open(*own, file, 1000);
      REQUIRE(opened);
      CHECK(*opened == inside);
    }
  }
}

TEST_CASE("bundle_seal: who is no recipient learns nothing but that") {
  const Bytes file = seal({noise::public_key(key(1))}, counting(100));
  CHECK(refusal(key(3), file) == Errc::wrong_key);
}

TEST_CASE("bundle_seal: a file cut anywhere does not open and says so") {
  const auto own = key(1);
  const Bytes file = seal({noise::public_key(own)}, counting(bundle_chunk_bytes + 70));
  for (std::size_t n = 0; n < file.size(); n += n < 200 || n > file.size() - 200 ? std::size_t{1} : 997) {
    CAPTURE(n);
    const Errc code = refusal(own, ByteView{file}.first(n));
    CHECK((code == Errc::malformed || code == Errc::bad_signature));
  }
  const std::size_t boundary = 44 + 48 + bundle_chunk_bytes + 16;
  CHECK(refusal(own, ByteView{file}.first(boundary)) == Errc::malformed);
  CHECK(refusal(own, ByteView{file}.first(20)) == Errc::malformed);
  CHECK(refusal(own, {}) == Errc::malformed);
}

TEST_CASE("bundle_seal: one changed bit anywhere is found") {
  const auto own = key(1);
  const Bytes file = seal({noise::public_key(own), noise::public_key(key(2))}, counting(500));
  for (std::size_t i = 0; i < file.size(); ++i) {
    CAPTURE(i);
    Bytes changed = file;
    changed[i] ^= 0x10;
    CHECK(refusal(own, changed) != Errc::ok);
  }
}

TEST_CASE("bundle_seal: what is appended is found, one byte or a second bundle") {
  const auto own = key(1);
  const Bytes file = seal({noise::public_key(own)}, counting(bundle_chunk_bytes));
  for (const std::size_t more : {1u, 16u, 65552u, 200000u}) {
    Bytes longer = file;
    longer.resize(file.size() + more);
    CHECK(refusal(own, longer) == Errc::bad_signature);
  }
  Bytes twice = file;
  twice.insert(twice.end(), file.begin(), file.end());
  CHECK(refusal(own, twice) == Errc::bad_signature);
}

TEST_CASE("bundle_seal: chunks cannot change places, nor come from another bundle with the same file key") {
  const auto own = key(1);
  const Bytes file = seal({noise::public_key(own)}, counting(3 * bundle_chunk_bytes));
  const std::size_t chunk = bundle_chunk_bytes + 16, start = 44 + 48;
  Bytes swapped = file;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(start), swapped.begin() + static_cast<std::ptrdiff_t>(start + chunk),
                   swapped.begin() + static_cast<std::ptrdiff_t>(start + chunk));
  CHECK(refusal(own, swapped) == Errc::bad_signature);
  Bytes mixed = seal({noise::public_key(own), noise::public_key(key(2))}, counting(3 * bundle_chunk_bytes));
  std::copy(file.begin() + static_cast<std::ptrdiff_t>(start), file.end(), mixed.begin() + static_cast<std::ptrdiff_t>(start + 48));
  CHECK(refusal(own, mixed) == Errc::bad_signature);
}

TEST_CASE("bundle_seal: other files, newer versions and impossible recipients are told apart") {
  CHECK(refusal(key(1), view("PK\x03\x04 an archive of another kind")) == Errc::invalid_input);
  Bytes file = seal({noise::public_key(key(1))}, counting(10));
  Bytes newer = file;
  newer[8] = 2;
  CHECK(refusal(key(1), newer) == Errc::unknown_version);
  newer = file;
  newer[9] = 3;
  CHECK(refusal(key(1), newer) == Errc::unknown_version);
  for (const auto& count : {std::array<std::uint8_t, 2>{0, 0}, {4, 1}, {255, 255}}) {
    Bytes other = file;
    other[10] = count[0];
    other[11] = count[1];
    CHECK(refusal(key(1), other) == Errc::over_limit);
  }
  Bytes out;
  CHECK(BundleSealer::begin(BundleKind::exchange, {}, fresh(), out).error().code == Errc::over_limit);
  CHECK(BundleSealer::begin(BundleKind::exchange, {TransportKey{}}, fresh(), out).error().code == Errc::bad_handshake);
  CHECK(out.empty());
}
