#include "libclient/page_cipher.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace kiz;

namespace {
StoreKey key_of(std::uint8_t seed) { return StoreKey{Bytes(32, seed)}; }
const FileSalt salt = FileSalt::from(Bytes(16, 7));
const PageNonce nonce = PageNonce::from(Bytes(24, 9));

Bytes plain_page(bool first) {
  Bytes page(page_bytes);
  for (std::size_t i = 0; i < page_content_bytes; ++i) page[i] = static_cast<std::uint8_t>(i * 31);
  if (first) std::memcpy(page.data(), sqlite_magic.data(), sqlite_magic.size());
  return page;
}
}  // namespace

TEST_CASE("page cipher: a page comes back as it was, its reserved bytes as zeros") {
  const PageCipher cipher{key_of(1), salt};
  for (const std::uint32_t number : {1u, 2u, 4'000'000'000u}) {
    const Bytes plain = plain_page(number == 1);
    Bytes page(page_bytes);
    cipher.seal_page(number, nonce, plain.data(), page.data());
    CHECK(page != plain);
    REQUIRE(cipher.open_page(number, page.data()));
    CHECK(page == plain);
  }
}

TEST_CASE("page cipher: page 1 shows the file's salt and bytes 16 to 23, nothing else") {
  const PageCipher cipher{key_of(1), salt};
  const Bytes plain = plain_page(true);
  Bytes page(page_bytes);
  cipher.seal_page(1, nonce, plain.data(), page.data());
  CHECK(FileSalt::from(page) == salt);
  CHECK(std::memcmp(page.data() + 16, plain.data() + 16, 8) == 0);
  CHECK(std::memcmp(page.data() + 24, plain.data() + 24, 8) != 0);
}

TEST_CASE("page cipher: a page opens only where it was sealed, by the same key and salt, unchanged") {
  const PageCipher cipher{key_of(1), salt};
  Bytes sealed(page_bytes);
  cipher.seal_page(5, nonce, plain_page(false).data(), sealed.data());
  const auto opens = [&](const PageCipher& with, std::uint32_t number, Bytes page) {
    return with.open_page(number, page.data());
  };
  CHECK(opens(cipher, 5, sealed));
  CHECK_FALSE(opens(cipher, 6, sealed));
  CHECK_FALSE(opens(PageCipher{key_of(2), salt}, 5, sealed));
  CHECK_FALSE(opens(PageCipher{key_of(1), FileSalt::from(Bytes(16, 8))}, 5, sealed));
  for (std::size_t at = 0; at < page_bytes; at += 61) {
    Bytes flipped = sealed;
    flipped[at] ^= 4;
    CHECK_FALSE(opens(cipher, 5, flipped));
  }
  Bytes as_frame = sealed;
  CHECK_FALSE(cipher.open_frame(0, 5, as_frame.data()));
}

TEST_CASE("page cipher: the open bytes of page 1 are bound to it") {
  const PageCipher cipher{key_of(1), salt};
  Bytes page(page_bytes);
  cipher.seal_page(1, nonce, plain_page(true).data(), page.data());
  page[18] ^= 1;
  CHECK_FALSE(cipher.open_page(1, page.data()));
}

TEST_CASE("page cipher: a frame's page is bound to frame and page number") {
  const PageCipher cipher{key_of(1), salt};
  const Bytes plain = plain_page(true);
  Bytes sealed(page_bytes);
  cipher.seal_frame(3, 1, nonce, plain.data(), sealed.data());
  Bytes page = sealed;
  CHECK(cipher.open_frame(3, 1, page.data()));
  CHECK(page == plain);
  page = sealed;
  CHECK_FALSE(cipher.open_frame(4, 1, page.data()));
  page = sealed;
  CHECK_FALSE(cipher.open_frame(3, 2, page.data()));
  page = sealed;
  CHECK_FALSE(cipher.open_page(1, page.data()));
}

TEST_CASE("page cipher: frame checksums come back, and depend on frame and salts") {
  const PageCipher cipher{key_of(1), salt};
  Bytes header(wal_frame_header_bytes);
  for (std::size_t i = 0; i < header.size(); ++i) header[i] = static_cast<std::uint8_t>(i);
  const auto hidden = [&](std::uint32_t frame, std::uint8_t first_salt) {
    Bytes out = header;
    out[8] = first_salt;
    cipher.hide_frame_checksum(frame, out.data());
    return Bytes(out.begin() + 16, out.end());
  };
  CHECK(hidden(0, 1) != Bytes(header.begin() + 16, header.end()));
  CHECK(hidden(0, 1) == hidden(0, 1));
  CHECK(hidden(0, 1) != hidden(1, 1));
  CHECK(hidden(0, 1) != hidden(0, 2));

  Bytes there = header;
  cipher.hide_frame_checksum(12, there.data());
  cipher.show_frame_checksum(12, there.data());
  CHECK(there == header);
}

TEST_CASE("page cipher: the log's header opens with its key and unchanged only") {
  // As SQLite 3.40.1 wrote it on a little-endian machine: magic, version, page size, checkpoint, salts, checksum.
  Bytes header = from_hex("377f0682002de218000010000000000011223344556677880000000000000000");
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  for (std::size_t at = 0; at < 24; at += 8) {
    std::uint32_t words[2];
    std::memcpy(words, header.data() + at, 8);
    a += words[0] + b;
    b += words[1] + a;
  }
  for (std::size_t i = 0; i < 4; ++i) {
    header[24 + i] = static_cast<std::uint8_t>(a >> (24 - 8 * i));
    header[28 + i] = static_cast<std::uint8_t>(b >> (24 - 8 * i));
  }
  const PageCipher cipher{key_of(1), salt};
  Bytes hidden = header;
  cipher.hide_header_checksum(hidden.data());
  CHECK(hidden != header);

  Bytes shown = hidden;
  CHECK(cipher.show_header_checksum(shown.data()));
  CHECK(shown == header);
  shown = hidden;
  CHECK_FALSE(PageCipher{key_of(2), salt}.show_header_checksum(shown.data()));
  for (std::size_t bit = 0; bit < wal_header_bytes * 8; ++bit) {
    Bytes flipped = hidden;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    CHECK_FALSE(cipher.show_header_checksum(flipped.data()));
  }
}
