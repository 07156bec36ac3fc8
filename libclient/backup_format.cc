#include "libclient/backup_format.h"

#include <sodium.h>

#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz::backup {
namespace {

constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(nonce_bytes + tag_bytes == seal_bytes);
constexpr std::size_t check_bytes = 32;
constexpr std::size_t start_bytes = magic.size() + 1 + 4;
constexpr std::size_t slots_max = 4;
constexpr std::size_t text_bytes_max = 800;

// As for the store's own passphrase; a backup lies about, so it is what an attacker tries first.
constexpr std::uint64_t argon_ops = 3;
constexpr std::uint64_t argon_bytes = 256u << 20;
constexpr std::uint64_t argon_ops_max = 16;
constexpr std::uint64_t argon_bytes_max = 1u << 30;

Bytes seal(const StoreKey& key, ByteView bound, ByteView plain) {
  Bytes out(nonce_bytes + plain.size() + tag_bytes);
  randombytes_buf(out.data(), nonce_bytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + nonce_bytes, nullptr, plain.data(), plain.size(), bound.data(),
                                             bound.size(), nullptr, out.data(), key.view().data());
  return out;
}

bool open(const StoreKey& key, ByteView bound, ByteView sealed, Bytes& plain) {
  if (sealed.size() < seal_bytes) return false;
  plain.resize(sealed.size() - seal_bytes);
  return crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed.data() + nonce_bytes,
                                                    sealed.size() - nonce_bytes, bound.data(), bound.size(), sealed.data(),
                                                    key.view().data()) == 0;
}

std::array<std::uint8_t, 8> place_of(std::uint64_t index) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(index >> (56 - 8 * i));
  return out;
}

void put32(std::uint32_t v, std::uint8_t* out) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}
std::uint32_t get32(ByteView in) {
  return std::uint32_t{in[0]} << 24 | std::uint32_t{in[1]} << 16 | std::uint32_t{in[2]} << 8 | in[3];
}

StoreKey slot_key(const StoreKey& store_key, const BackupId& id) {
  StoreKey out;
  derive(store_key.view(), "kiz-sync backup slot v1", id, out.writable());
  return out;
}

Result<StoreKey> stretch(const std::string& passphrase, const KeySlot& slot) {
  const bool within = slot.ops >= crypto_pwhash_OPSLIMIT_MIN && slot.ops <= argon_ops_max &&
                      slot.memory_bytes >= crypto_pwhash_MEMLIMIT_MIN && slot.memory_bytes <= argon_bytes_max;
  if (!within) return Error{Errc::damaged, "backup header"};
  StoreKey out;
  if (crypto_pwhash(out.writable().data(), out.writable().size(), passphrase.data(), passphrase.size(), slot.salt.bytes.data(),
                    slot.ops, slot.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{Errc::no_space, "memory for the passphrase"};
  }
  return out;
}

Hash check_of(ByteView bytes) { return crypto::hash("kiz-sync backup header v1", bytes); }

}  // namespace

template <class Archive>
void KeySlot::serialize(Archive& ar) {
  ar(wire::known(kind, Kind::passphrase));
  if (kind == Kind::passphrase) ar(ops, memory_bytes, salt);
  ar(sealed);
}
template <class Archive>
void Header::serialize(Archive& ar) { ar(id, wire::list(slots, slots_max, 1 + SealedBackupKey::size_bytes)); }
template <class Archive>
void Contents::serialize(Archive& ar) {
  ar(created_ms, schema, realm, author, wire::text(member, limits::member_id_bytes_max), wire::text(member_name, text_bytes_max),
     wire::text(device, text_bytes_max), entries, pages, chunks, wire::blob(keyring, contents_bytes_max / 2));
}

Cipher::Cipher(const StoreKey& backup_key, const BackupId& id) {
  derive(backup_key.view(), "kiz-sync backup chunk v1", id, chunk_key_.writable());
  derive(backup_key.view(), "kiz-sync backup contents v1", id, contents_key_.writable());
  std::array<std::uint8_t, 16> mask{};
  derive(backup_key.view(), "kiz-sync backup footer v1", id, mask);
  footer_mask_ = get32(mask);
}

void Cipher::seal_chunk(std::uint64_t index, ByteView plain, Bytes& out) const { out = seal(chunk_key_, place_of(index), plain); }

bool Cipher::open_chunk(std::uint64_t index, ByteView sealed, Bytes& plain) const {
  return open(chunk_key_, place_of(index), sealed, plain);
}

Bytes Cipher::seal_contents(ByteView plain) const { return seal(contents_key_, {}, plain); }
bool Cipher::open_contents(ByteView sealed, Bytes& plain) const { return open(contents_key_, {}, sealed, plain); }

std::array<std::uint8_t, footer_bytes> Cipher::footer(std::uint64_t contents_bytes) const {
  std::array<std::uint8_t, footer_bytes> out{};
  put32(static_cast<std::uint32_t>(contents_bytes) ^ footer_mask_, out.data());
  return out;
}

std::optional<std::uint64_t> Cipher::contents_bytes(ByteView footer) const {
  const std::uint32_t bytes = get32(footer) ^ footer_mask_;
  if (bytes < seal_bytes || bytes > contents_bytes_max) return std::nullopt;
  return bytes;
}

Result<Fresh> make_header(const StoreKey& store_key, const std::optional<std::string>& passphrase) {
  Fresh out;
  randombytes_buf(out.header.id.bytes.data(), out.header.id.bytes.size());
  randombytes_buf(out.key.writable().data(), out.key.writable().size());
  KeySlot own;
  own.sealed = SealedBackupKey::from(seal(slot_key(store_key, out.header.id), {}, out.key.view()));
  out.header.slots.push_back(own);
  if (!passphrase) return out;
  KeySlot recovery;
  recovery.kind = KeySlot::Kind::passphrase;
  recovery.ops = argon_ops;
  recovery.memory_bytes = argon_bytes;
  randombytes_buf(recovery.salt.bytes.data(), recovery.salt.bytes.size());
  auto stretched = stretch(*passphrase, recovery);
  if (!stretched) return stretched.error();
  recovery.sealed = SealedBackupKey::from(seal(slot_key(*stretched, out.header.id), {}, out.key.view()));
  out.header.slots.push_back(recovery);
  return out;
}

Bytes encode_header(const Header& header) {
  const Bytes body = wire::encode(header);
  Bytes out(start_bytes);
  std::copy(magic.begin(), magic.end(), out.begin());
  out[magic.size()] = format_version;
  put32(static_cast<std::uint32_t>(body.size()), out.data() + magic.size() + 1);
  out.insert(out.end(), body.begin(), body.end());
  const Hash check = check_of(out);
  out.insert(out.end(), check.bytes.begin(), check.bytes.end());
  return out;
}

Result<std::size_t> header_size(ByteView start) {
  if (start.size() < start_bytes || !std::equal(magic.begin(), magic.end(), start.begin())) {
    return Error{Errc::malformed, "backup"};
  }
  if (start[magic.size()] != format_version) return Error{Errc::unknown_version, "backup"};
  const std::uint32_t bytes = get32(start.subspan(magic.size() + 1));
  if (bytes == 0 || bytes > header_bytes_max) return Error{Errc::damaged, "backup header"};
  return start_bytes + bytes + check_bytes;
}

Result<Header> decode_header(ByteView whole) {
  const ByteView checked = whole.first(whole.size() - check_bytes);
  if (check_of(checked) != Hash::from(whole.last(check_bytes))) return Error{Errc::damaged, "backup header"};
  auto header = wire::decode<Header>(checked.subspan(start_bytes));
  if (!header || header->slots.empty()) return Error{Errc::damaged, "backup header"};
  return header;
}

Result<StoreKey> open_header(const Header& header, const Opening& opening) {
  for (const KeySlot& slot : header.slots) {
    std::optional<StoreKey> sealing;
    if (slot.kind == KeySlot::Kind::store_key && opening.store_key != nullptr) sealing = slot_key(*opening.store_key, header.id);
    if (slot.kind == KeySlot::Kind::passphrase && opening.passphrase) {
      auto stretched = stretch(*opening.passphrase, slot);
      if (!stretched) return stretched.error();
      sealing = slot_key(*stretched, header.id);
    }
    Bytes plain;
    if (!sealing || !open(*sealing, {}, slot.sealed, plain)) continue;
    StoreKey key{plain};
    sodium_memzero(plain.data(), plain.size());
    return key;
  }
  return Error{Errc::wrong_key, "backup"};
}

Bytes encode_contents(const Contents& contents) { return wire::encode(contents); }
Result<Contents> decode_contents(ByteView bytes) { return wire::decode<Contents>(bytes); }

}  // namespace kiz::backup
