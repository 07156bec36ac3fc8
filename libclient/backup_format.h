// The bytes of a backup: one file, encrypted, every byte of which is checked before anything of it is used.
//
//   "kiz-sync backup\n" 16 | version 1 | header length 4 | header | check 32     opened by a key slot of the header
//   chunks of 16 pages:  nonce 24 | ciphertext 65536 (the last one less) | tag 16
//   contents:            nonce 24 | ciphertext | tag 16
//   length of the contents, sealed 4
//
// The chunks hold the store's database as SQLite sees it, page after page. The contents say what it is, carry the keys
// of the device and of its pairs (a restored device must still be able to talk), and the hash of all chunks' tags: a
// chunk left out, swapped, or of an earlier attempt under the same key is found. Lengths are big-endian.
//
// A random backup key seals chunks and contents. Slots seal that key: one with the store's own key, one with a recovery
// passphrase where one was given. Which life of the store this is (incarnation) is not in it: what is restored begins
// a new one.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "libclient/page_cipher.h"
#include "libclient/store_key.h"

namespace kiz::backup {

inline constexpr std::string_view magic = "kiz-sync backup\n";
inline constexpr std::uint8_t format_version = 1;
inline constexpr std::size_t header_bytes_max = 4096;
inline constexpr std::size_t contents_bytes_max = 16u << 20;
inline constexpr std::size_t chunk_pages = 16;
inline constexpr std::size_t chunk_bytes = chunk_pages * page_bytes;
inline constexpr std::size_t seal_bytes = 24 + 16;
inline constexpr std::size_t footer_bytes = 4;

using BackupId = FixedBytes<16, struct BackupIdTag>;
using SealedBackupKey = FixedBytes<24 + 32 + 16, struct SealedBackupKeyTag>;  // nonce, key, tag
using PassphraseSalt = FixedBytes<16, struct PassphraseSaltTag>;

/// The backup key sealed with something that its owner has or knows.
struct KeySlot {
  enum class Kind : std::uint8_t { store_key = 0, passphrase = 1 };
  Kind kind = Kind::store_key;
  std::uint64_t ops = 0, memory_bytes = 0;  // Argon2id, passphrase only
  PassphraseSalt salt;
  SealedBackupKey sealed;

  template <class Archive>
  void serialize(Archive& ar);
};

struct Header {
  BackupId id;
  std::vector<KeySlot> slots;

  template <class Archive>
  void serialize(Archive& ar);
};

struct Contents {
  std::uint64_t created_ms = 0;
  std::uint32_t schema = 0;
  RealmId realm;
  AuthorKey author;
  MemberId member;
  std::string member_name;
  std::string device;
  std::uint64_t entries = 0;
  std::uint64_t pages = 0;
  Hash chunks;    // over all chunks' tags in order
  Bytes keyring;  // canonical bytes of KeyringContents

  template <class Archive>
  void serialize(Archive& ar);
};

/// What may open a backup; any one that fits is enough.
struct Opening {
  const StoreKey* store_key = nullptr;
  std::optional<std::string> passphrase = {};
};

/// Seals and opens the pieces of one backup.
class Cipher {
 public:
  explicit Cipher(const StoreKey& backup_key, const BackupId& id);

  /// `out` gets nonce, ciphertext and tag. Random nonce: a chunk may be written again.
  void seal_chunk(std::uint64_t index, ByteView plain, Bytes& out) const;
  /// False: not the bytes that were sealed for this place. `plain` has sealed.size() - seal_bytes bytes afterwards.
  bool open_chunk(std::uint64_t index, ByteView sealed, Bytes& plain) const;
  Bytes seal_contents(ByteView plain) const;
  bool open_contents(ByteView sealed, Bytes& plain) const;
  /// The footer hides nothing, it is bound to the key: a length that was altered is damage, not a wrong key.
  std::array<std::uint8_t, footer_bytes> footer(std::uint64_t contents_bytes) const;
  std::optional<std::uint64_t> contents_bytes(ByteView footer) const;

 private:
  StoreKey chunk_key_, contents_key_;
  std::uint32_t footer_mask_ = 0;
};

/// A fresh header and backup key. errors: no_space (memory for the passphrase)
struct Fresh {
  Header header;
  StoreKey key;
};
Result<Fresh> make_header(const StoreKey& store_key, const std::optional<std::string>& passphrase);
/// magic, version, length, header, check
Bytes encode_header(const Header& header);
/// How long the whole of it is, from its first 21 bytes. errors: malformed (no backup), unknown_version, damaged
Result<std::size_t> header_size(ByteView start);
/// errors: damaged
Result<Header> decode_header(ByteView whole);
/// errors: wrong_key (none of the slots opens), damaged, no_space
Result<StoreKey> open_header(const Header& header, const Opening& opening);

Bytes encode_contents(const Contents& contents);
Result<Contents> decode_contents(ByteView bytes);

}  // namespace kiz::backup
