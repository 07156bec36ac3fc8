// The cryptography of one database file: its pages, the pages in its write-ahead log, and the checksums beside those.
// No files here; page_vfs.h knows where these bytes stand.
//
// A page on disk (4096 bytes):   ciphertext 4056 | nonce 24 | tag 16          XChaCha20-Poly1305, nonce random per
// write Page 1 in the database file:   file salt 16 | bytes 16..23 as they are | ciphertext 4032 | nonce 24 | tag 16
// Bound to the tag:              salt, where (database or log), page number, frame number; of page 1 its open bytes too
//
// SQLite sums up plaintext in the log's frame headers: 64 linear bits of a page that is known but for two bytes name
// those two. So these 8 bytes are encrypted as well, by a four-round Feistel network over SipHash; nonce and tag would
// not fit there. The same hides nothing in the log's header, but a wrong key no longer reads it: without that SQLite
// would take a log of another key for an empty one, and delete it.
#pragma once

#include <cstdint>

#include "libclient/store_key.h"

namespace kiz {

inline constexpr std::size_t page_bytes = 4096;  // fixed for ever: a second size would double what can go wrong
inline constexpr std::size_t page_nonce_bytes = 24;
inline constexpr std::size_t page_tag_bytes = 16;
inline constexpr std::size_t page_reserved_bytes = page_nonce_bytes + page_tag_bytes;
inline constexpr std::size_t page_content_bytes = page_bytes - page_reserved_bytes;
inline constexpr std::size_t page_open_begin = 16;  // of page 1: page size, file format, reserved bytes
inline constexpr std::size_t page_open_end = 24;
inline constexpr std::size_t wal_header_bytes = 32;
inline constexpr std::size_t wal_frame_header_bytes = 24;

using FileSalt = FixedBytes<16, struct FileSaltTag>;
using PageNonce = FixedBytes<page_nonce_bytes, struct PageNonceTag>;

class PageCipher {
 public:
  /// The keys of the file with this salt.
  PageCipher(const StoreKey& key, const FileSalt& salt);

  const FileSalt& salt() const { return salt_; }

  /// Page `number` (from 1) of the database file. `plain` and `out` are page_bytes each and do not overlap; the last
  /// page_reserved_bytes of `plain` are not looked at. Page 1 starts with the salt afterwards instead of SQLite's
  /// magic.
  void seal_page(std::uint32_t number, const PageNonce& nonce, const std::uint8_t* plain, std::uint8_t* out) const;
  /// The way back, in place; reserved bytes become zero. False: not what was sealed here, `page` is zeroed.
  [[nodiscard]] bool open_page(std::uint32_t number, std::uint8_t* page) const;

  /// The same for a page in the write-ahead log; `frame` counts from 0. Nothing of page 1 stays open there.
  void seal_frame(std::uint32_t frame, std::uint32_t number, const PageNonce& nonce, const std::uint8_t* plain,
                  std::uint8_t* out) const;
  [[nodiscard]] bool open_frame(std::uint32_t frame, std::uint32_t number, std::uint8_t* page) const;

  /// Encrypts, decrypts bytes 16..23 of a frame header (24 bytes) in place.
  void hide_frame_checksum(std::uint32_t frame, std::uint8_t* header) const;
  void show_frame_checksum(std::uint32_t frame, std::uint8_t* header) const;

  /// Encrypts bytes 24..31 of the log's header (32 bytes) in place.
  void hide_header_checksum(std::uint8_t* header) const;
  /// Decrypts them. False: they do not belong to the other 24 bytes; the key is wrong or the header damaged.
  [[nodiscard]] bool show_header_checksum(std::uint8_t* header) const;

 private:
  void feistel(std::span<const std::uint8_t, 8> salts, std::uint32_t place, std::uint8_t* words, bool hide) const;

  FileSalt salt_;
  SecretKey32 page_key_;
  SecretKey32 frame_key_;
  Secret<16> checksum_key_;
};

inline constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

}  // namespace kiz
