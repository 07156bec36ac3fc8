#include "libclient/page_cipher.h"

#include <bit>
#include <cstring>

#include "protocol/mutants.h"

namespace kiz {
namespace {

enum class Where : std::uint8_t { database = 1, log = 2 };

void put32(std::uint8_t* out, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(v >> (8 * i));
}
std::uint32_t get32(const std::uint8_t* in) {
  return std::uint32_t{in[0]} | std::uint32_t{in[1]} << 8 | std::uint32_t{in[2]} << 16 | std::uint32_t{in[3]} << 24;
}

// salt 16 | where 1 | page number 4 | frame number 4 | open bytes 8 (zero but for page 1 of the database)
struct BoundBytes {
  std::uint8_t bytes[16 + 1 + 4 + 4 + 8];

  BoundBytes(const FileSalt& salt, Where where, std::uint32_t number, std::uint32_t frame, const std::uint8_t* open) {
    std::memcpy(bytes, salt.bytes.data(), 16);
    bytes[16] = static_cast<std::uint8_t>(where);
    put32(bytes + 17, number);
    put32(bytes + 21, frame);
    if (open) {
      std::memcpy(bytes + 25, open, 8);
    } else {
      std::memset(bytes + 25, 0, 8);
    }
  }
};

// `from` is where the ciphertext begins: 0, or 24 in page 1 of the database.
void seal(const std::uint8_t* key, const BoundBytes& bound, const PageNonce& nonce, const std::uint8_t* plain,
          std::uint8_t* out, std::size_t from) {
  crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out + from, out + page_content_bytes + page_nonce_bytes, nullptr,
                                                      plain + from, page_content_bytes - from, bound.bytes,
                                                      sizeof bound.bytes, nullptr, nonce.bytes.data(), key);
  std::memcpy(out + page_content_bytes, nonce.bytes.data(), page_nonce_bytes);
  if (KIZ_MUTANT(plain_pages)) {
    std::memcpy(out + from, plain + from, page_content_bytes - from);
    std::memset(out + page_content_bytes, 0, page_nonce_bytes);
  }
}

bool open(const std::uint8_t* key, const BoundBytes& bound, std::uint8_t* page, std::size_t from) {
  if (KIZ_MUTANT(plain_pages) && get32(page + page_content_bytes) == 0) {
    std::memset(page + page_content_bytes, 0, page_reserved_bytes);
    return true;
  }
  const std::uint8_t* nonce = page + page_content_bytes;
  const std::uint8_t* tag = nonce + page_nonce_bytes;
  const bool authentic =
      crypto_aead_xchacha20poly1305_ietf_decrypt_detached(page + from, nullptr, page + from, page_content_bytes - from,
                                                          tag, bound.bytes, sizeof bound.bytes, nonce, key) == 0;
  if (authentic) {
    std::memset(page + page_content_bytes, 0, page_reserved_bytes);  // SQLite's checksums cover them as zeros
  } else {
    std::memset(page, 0, page_bytes);
  }
  return authentic;
}

// SQLite's own sum over the first 24 bytes of a log header: a linear recurrence over 32-bit words in the byte order
// that the lowest bit of the magic names (file format document, section 4.2).
void header_sum(const std::uint8_t* header, std::uint8_t out[8]) {
  const bool big_endian = (header[3] & 1) != 0;
  const auto word = [&](std::size_t at) {
    const std::uint8_t* p = header + at;
    const std::uint32_t little = get32(p);
    return big_endian ? std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3]
                      : little;
  };
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  for (std::size_t at = 0; at < 24; at += 8) {
    a += word(at) + b;
    b += word(at + 4) + a;
  }
  for (int i = 0; i < 4; ++i) {
    out[i] = static_cast<std::uint8_t>(a >> (24 - 8 * i));
    out[4 + i] = static_cast<std::uint8_t>(b >> (24 - 8 * i));
  }
}

constexpr std::uint32_t header_place = 0xffffffff;  // no frame has this number: the log would exceed 16 TiB

}  // namespace

PageCipher::PageCipher(const StoreKey& key, const FileSalt& salt) : salt_{salt} {
  derive(key.view(), "kiz-sync store pages v1", salt, page_key_.writable());
  derive(key.view(), "kiz-sync store log pages v1", salt, frame_key_.writable());
  derive(key.view(), "kiz-sync store log checksums v1", salt, checksum_key_.writable());
}

void PageCipher::seal_page(std::uint32_t number, const PageNonce& nonce, const std::uint8_t* plain,
                           std::uint8_t* out) const {
  if (number != 1) {
    seal(page_key_.view().data(), {salt_, Where::database, number, 0, nullptr}, nonce, plain, out, 0);
    return;
  }
  std::memcpy(out, salt_.bytes.data(), page_open_begin);
  std::memcpy(out + page_open_begin, plain + page_open_begin, page_open_end - page_open_begin);
  seal(page_key_.view().data(), {salt_, Where::database, 1, 0, plain + page_open_begin}, nonce, plain, out, page_open_end);
}

bool PageCipher::open_page(std::uint32_t number, std::uint8_t* page) const {
  if (number != 1) return open(page_key_.view().data(), {salt_, Where::database, number, 0, nullptr}, page, 0);
  if (!open(page_key_.view().data(), {salt_, Where::database, 1, 0, page + page_open_begin}, page, page_open_end))
    return false;
  std::memcpy(page, sqlite_magic.data(), sqlite_magic.size());
  return true;
}

void PageCipher::seal_frame(std::uint32_t frame, std::uint32_t number, const PageNonce& nonce,
                            const std::uint8_t* plain, std::uint8_t* out) const {
  seal(frame_key_.view().data(), {salt_, Where::log, number, frame, nullptr}, nonce, plain, out, 0);
}

bool PageCipher::open_frame(std::uint32_t frame, std::uint32_t number, std::uint8_t* page) const {
  return open(frame_key_.view().data(), {salt_, Where::log, number, frame, nullptr}, page, 0);
}

void PageCipher::feistel(std::span<const std::uint8_t, 8> salts, std::uint32_t place, std::uint8_t* words,
                         bool hide) const {
  std::uint8_t in[8 + 4 + 1 + 4];  // salts of this life of the log | place | round | half
  std::memcpy(in, salts.data(), 8);
  put32(in + 8, place);
  std::uint32_t left = get32(words);
  std::uint32_t right = get32(words + 4);
  for (int i = 0; i < 4; ++i) {
    in[12] = static_cast<std::uint8_t>(hide ? i : 3 - i);
    put32(in + 13, hide ? right : left);
    std::uint8_t mixed[crypto_shorthash_BYTES];
    crypto_shorthash(mixed, in, sizeof in, checksum_key_.view().data());
    if (hide) {
      left ^= get32(mixed);
    } else {
      right ^= get32(mixed);
    }
    std::swap(left, right);
  }
  put32(words, left);
  put32(words + 4, right);
}

void PageCipher::hide_frame_checksum(std::uint32_t frame, std::uint8_t* header) const {
  feistel(std::span<const std::uint8_t, 8>{header + 8, 8}, frame, header + 16, true);
}
void PageCipher::show_frame_checksum(std::uint32_t frame, std::uint8_t* header) const {
  feistel(std::span<const std::uint8_t, 8>{header + 8, 8}, frame, header + 16, false);
}

void PageCipher::hide_header_checksum(std::uint8_t* header) const {
  feistel(std::span<const std::uint8_t, 8>{header + 16, 8}, header_place, header + 24, true);
}
bool PageCipher::show_header_checksum(std::uint8_t* header) const {
  feistel(std::span<const std::uint8_t, 8>{header + 16, 8}, header_place, header + 24, false);
  std::uint8_t expected[8];
  header_sum(header, expected);
  return std::memcmp(expected, header + 24, 8) == 0;
}

}  // namespace kiz
