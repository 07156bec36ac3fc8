#include "libclient/keyring.h"

#include <algorithm>

#include "libclient/atomic_file.h"
#include "libclient/secret_encoding.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace cereal {

template <std::size_t N>
void CEREAL_SAVE_FUNCTION_NAME(kiz::wire::Writer& ar, const kiz::Secret<N>& v) { ar.raw(v.view()); }
template <std::size_t N>
void CEREAL_LOAD_FUNCTION_NAME(kiz::wire::Reader& ar, kiz::Secret<N>& v) { v = kiz::Secret<N>{ar.raw(N)}; }

}  // namespace cereal

namespace kiz {
namespace {

constexpr std::size_t keyring_bytes_max = 8u << 20;
constexpr std::size_t pairs_max = 16384;
constexpr std::size_t invites_max = 4096;
constexpr std::size_t invites_kept = 1024;  // each call with an invite compares its proof with all of them
constexpr std::size_t realm_secrets_max = 4;
constexpr std::size_t addresses_max = 16;
constexpr std::size_t text_bytes_max = 800;
constexpr std::uint8_t keyring_version = 2;
constexpr std::uint8_t version_without_realm_secrets = 1;
constexpr char seal_label[] = "kiz-sync keyring v1";
constexpr std::size_t nonce_bytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_bytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

struct Address {
  std::string& text;

  template <class Archive>
  void serialize(Archive& ar) { ar(wire::text(text, text_bytes_max)); }
};

template <class Archive>
void serialize_addresses(Archive& ar, std::vector<std::string>& addresses) {
  std::uint64_t count = addresses.size();
  ar(count);
  if (count > addresses_max) throw wire::Refused{Errc::over_limit, "addresses"};
  addresses.resize(count);
  for (std::string& address : addresses) {
    Address item{address};
    item.serialize(ar);
  }
}

StoreKey seal_key(const StoreKey& key) {
  StoreKey out;
  derive(key.view(), seal_label, {}, out.writable());
  return out;
}

}  // namespace

template <class Archive>
void PairKey::serialize(Archive& ar) { ar(peer, psk, next); }
template <class Archive>
void IssuedInvite::serialize(Archive& ar) {
  ar(id, secret, psk, wire::text(member, limits::member_id_bytes_max), rights, made_ms, expires_ms, tries_left,
     needs_confirmation, used_by, acknowledged);
}
template <class Archive>
void RealmSecret::serialize(Archive& ar) { ar(epoch, secret); }
template <class Archive>
void PendingJoin::serialize(Archive& ar) { ar(wire::blob(invite, 4096), psk); }
namespace {
template <class Archive>
void serialize_first_version(Archive& ar, KeyringContents& ring) {
  auto& [author_seed, transport, device_name, issuing_seed, pairs, invites, own_addresses, listen, kreis_addresses, kreis, joining,
         offline, realm_secrets, pair_secret, recovering] = ring;
  ar(author_seed, transport, wire::text(device_name, text_bytes_max), issuing_seed, wire::list(pairs, pairs_max, 65),
     wire::list(invites, invites_max, 80));
  serialize_addresses(ar, own_addresses);
  serialize_addresses(ar, listen);
  serialize_addresses(ar, kreis_addresses);
  ar(kreis, joining, offline);
}

struct FirstVersion {
  KeyringContents ring;

  template <class Archive>
  void serialize(Archive& ar) { serialize_first_version(ar, ring); }
};
}  // namespace

template <class Archive>
void KeyringContents::serialize(Archive& ar) {
  serialize_first_version(ar, *this);
  ar(wire::list(realm_secrets, realm_secrets_max, 33), pair_secret, recovering);
}

const RealmSecret* KeyringContents::realm_secret(std::uint64_t epoch) const {
  for (const RealmSecret& held : realm_secrets) {
    if (held.epoch == epoch) return &held;
  }
  return nullptr;
}

void KeyringContents::keep_realm_secret(std::uint64_t epoch, SecretKey32 secret) {
  if (realm_secret(epoch) != nullptr) return;
  if (realm_secrets.size() == realm_secrets_max) realm_secrets.erase(realm_secrets.begin());
  realm_secrets.push_back({epoch, std::move(secret)});
}

bool KeyringContents::make_room_for_invite(std::uint64_t now_ms) {
  const auto is_open = [now_ms](const IssuedInvite& invite) {
    return !invite.acknowledged && invite.tries_left > 0 && invite.expires_ms >= now_ms;
  };
  while (invites.size() >= invites_kept) {
    const auto done = std::find_if_not(invites.begin(), invites.end(), is_open);
    if (done == invites.end()) return false;
    invites.erase(done);
  }
  return true;
}

const PairKey* KeyringContents::pair(const TransportKey& peer) const {
  for (const PairKey& pair : pairs) {
    if (pair.peer == peer) return &pair;
  }
  return nullptr;
}

Bytes encode_keyring(const KeyringContents& contents) {
  Bytes plain = wire::encode(contents);
  Bytes out;
  out.reserve(1 + plain.size());
  out.push_back(keyring_version);
  out.insert(out.end(), plain.begin(), plain.end());
  sodium_memzero(plain.data(), plain.size());
  return out;
}

Result<KeyringContents> decode_keyring(ByteView bytes) {
  if (bytes.empty()) return Error{Errc::damaged, "keyring"};
  Result<KeyringContents> contents = Error{Errc::damaged, "keyring"};
  if (bytes[0] == keyring_version) {
    contents = wire::decode<KeyringContents>(bytes.subspan(1));
  } else if (bytes[0] == version_without_realm_secrets) {
    if (auto first = wire::decode<FirstVersion>(bytes.subspan(1))) contents = std::move(first->ring);
  } else {
    return Error{Errc::unknown_version, "keyring"};
  }
  if (!contents) return Error{Errc::damaged, "keyring"};
  return contents;
}

Result<void> write_keyring(const std::string& path, const StoreKey& key, const KeyringContents& contents) {
  Bytes plain = encode_secret(contents, keyring_bytes_max);
  Bytes out(1 + nonce_bytes + plain.size() + tag_bytes);
  out[0] = keyring_version;
  randombytes_buf(out.data() + 1, nonce_bytes);
  const StoreKey sealing = seal_key(key);
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + 1 + nonce_bytes, nullptr, plain.data(), plain.size(), out.data(), 1,
                                             nullptr, out.data() + 1, sealing.view().data());
  sodium_memzero(plain.data(), plain.size());
  return file::replace(path, out);
}

Result<KeyringContents> read_keyring(const std::string& path, const StoreKey& key) {
  auto bytes = file::read(path, keyring_bytes_max);
  if (!bytes) return bytes.error().code == Errc::not_found ? Error{Errc::not_set_up, "keyring"} : bytes.error();
  if (bytes->empty()) return Error{Errc::damaged, "keyring"};
  const std::uint8_t version = (*bytes)[0];
  if (version != keyring_version && version != version_without_realm_secrets) return Error{Errc::unknown_version, "keyring"};
  if (bytes->size() < 1 + nonce_bytes + tag_bytes) return Error{Errc::damaged, "keyring"};
  Bytes plain(bytes->size() - nonce_bytes - tag_bytes);  // the version, then what was sealed
  plain[0] = version;
  const StoreKey sealing = seal_key(key);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data() + 1, nullptr, nullptr, bytes->data() + 1 + nonce_bytes,
                                                 bytes->size() - 1 - nonce_bytes, bytes->data(), 1, bytes->data() + 1,
                                                 sealing.view().data()) != 0) {
    return Error{Errc::damaged, "keyring"};
  }
  auto contents = decode_keyring(plain);
  sodium_memzero(plain.data(), plain.size());
  return contents;
}

}  // namespace kiz
