#include "libclient/key_file.h"

#include <cstdlib>
#include <filesystem>

#include "libclient/atomic_file.h"
#include "libclient/secret_encoding.h"
#include "protocol/wire.h"

namespace kiz {
namespace {

enum class Kind : std::uint8_t { plain = 0, passphrase = 1, credential = 2 };

// Interactive strength: half a second and 256 MiB on an office PC, once at each start.
constexpr std::uint64_t argon_ops = 3;
constexpr std::uint64_t argon_bytes = 256u << 20;
constexpr std::uint64_t argon_ops_max = 16;            // a file that asks for more is not ours
constexpr std::uint64_t argon_bytes_max = 1u << 30;
constexpr std::uint8_t key_file_version = 1;
constexpr std::size_t file_bytes_max = 512;
constexpr char credential_name[] = "kiz-store-key";

using Check = FixedBytes<16, struct KeyCheckTag>;
using Argon2Salt = FixedBytes<crypto_pwhash_SALTBYTES, struct Argon2SaltTag>;
using SealNonce = FixedBytes<crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, struct SealNonceTag>;
using SealedKey = FixedBytes<32 + crypto_aead_xchacha20poly1305_ietf_ABYTES, struct SealedKeyTag>;

struct Wrapped {
  std::uint64_t ops = argon_ops;
  std::uint64_t memory_bytes = argon_bytes;
  Argon2Salt salt;
  SealNonce nonce;
  SealedKey sealed;

  template <class Archive>
  void serialize(Archive& ar) { ar(ops, memory_bytes, salt, nonce, sealed); }
};
struct PlainKey {
  FixedBytes<32, struct PlainKeyTag> key;

  ~PlainKey() { sodium_memzero(key.bytes.data(), key.bytes.size()); }
  template <class Archive>
  void serialize(Archive& ar) { ar(key); }
};
struct KeyFile {
  std::uint8_t version = key_file_version;
  Kind kind = Kind::plain;
  Check check;
  std::optional<PlainKey> plain;
  std::optional<Wrapped> wrapped;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(version, wire::known(kind, Kind::credential), check);
    if (kind == Kind::plain) {
      if (!plain) plain.emplace();
      ar(*plain);
    }
    if (kind == Kind::passphrase) {
      if (!wrapped) wrapped.emplace();
      ar(*wrapped);
    }
  }
};

Check check_of(const StoreKey& key) {
  Check out;
  derive(key.view(), "kiz-sync key check v1", {}, out.bytes);
  return out;
}

std::optional<std::string> credential_path() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return std::string{folder} + "/" + credential_name;
}

Result<StoreKey> read_credential() {
  const auto path = credential_path();
  if (!path) return Error{Errc::not_found, credential_name};
  auto bytes = file::read(*path, 256);
  if (!bytes) return bytes.error();
  if (bytes->size() != 32) return Error{Errc::wrong_key, credential_name};
  StoreKey key{*bytes};
  sodium_memzero(bytes->data(), bytes->size());
  return key;
}

Result<StoreKey> stretch(const std::string& passphrase, const Wrapped& wrapped) {
  const bool within = wrapped.ops >= crypto_pwhash_OPSLIMIT_MIN && wrapped.ops <= argon_ops_max &&
                      wrapped.memory_bytes >= crypto_pwhash_MEMLIMIT_MIN && wrapped.memory_bytes <= argon_bytes_max;
  if (!within) return Error{Errc::damaged, "key file"};
  StoreKey out;
  if (crypto_pwhash(out.writable().data(), out.writable().size(), passphrase.data(), passphrase.size(), wrapped.salt.bytes.data(),
                    wrapped.ops, wrapped.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return Error{Errc::no_space, "memory for the passphrase"};
  }
  return out;
}

Result<KeyFile> wrap(const StoreKey& key, const std::optional<std::string>& passphrase) {
  KeyFile out;
  out.check = check_of(key);
  if (!passphrase) {
    out.plain.emplace().key = FixedBytes<32, PlainKeyTag>::from(key.view());
    return out;
  }
  out.kind = Kind::passphrase;
  Wrapped& wrapped = out.wrapped.emplace();
  randombytes_buf(wrapped.salt.bytes.data(), wrapped.salt.bytes.size());
  randombytes_buf(wrapped.nonce.bytes.data(), wrapped.nonce.bytes.size());
  auto stretched = stretch(*passphrase, wrapped);
  if (!stretched) return stretched.error();
  crypto_aead_xchacha20poly1305_ietf_encrypt(wrapped.sealed.bytes.data(), nullptr, key.view().data(), 32, nullptr, 0, nullptr,
                                             wrapped.nonce.bytes.data(), stretched->view().data());
  return out;
}

Result<void> write(const std::string& path, const KeyFile& contents) {
  Bytes bytes = encode_secret(contents, file_bytes_max);
  auto written = file::replace(path, bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return written;
}

}  // namespace

Result<StoreKey> make_store_key(const std::string& path, const std::optional<std::string>& passphrase) {
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) return Error{Errc::already_set_up, "key file"};
  if (auto credential = read_credential()) {
    KeyFile contents;
    contents.kind = Kind::credential;
    contents.check = check_of(*credential);
    if (auto written = write(path, contents); !written) return written.error();
    return credential;
  } else if (credential.error().code != Errc::not_found) {
    return credential.error();
  }
  StoreKey key;
  randombytes_buf(key.writable().data(), key.writable().size());
  if (auto written = rewrap_store_key(path, key, passphrase); !written) return written.error();
  return key;
}

Result<void> rewrap_store_key(const std::string& path, const StoreKey& key, const std::optional<std::string>& passphrase) {
  auto contents = wrap(key, passphrase);
  if (!contents) return contents.error();
  auto written = write(path, *contents);
  if (contents->plain) sodium_memzero(contents->plain->key.bytes.data(), contents->plain->key.bytes.size());
  return written;
}

Result<StoreKey> open_store_key(const std::string& path, const std::optional<std::string>& passphrase) {
  if (auto safe = file::check_owner_only(path); !safe) {
    return safe.error().code == Errc::not_found ? Error{Errc::not_set_up, "key"} : safe.error();
  }
  auto bytes = file::read(path, file_bytes_max);
  if (!bytes) return bytes.error();
  if (!bytes->empty() && bytes->front() > key_file_version) return Error{Errc::unknown_version, "key file"};
  auto contents = wire::decode<KeyFile>(*bytes);
  sodium_memzero(bytes->data(), bytes->size());
  if (!contents || contents->version != key_file_version) return Error{Errc::damaged, "key file"};

  StoreKey key;
  switch (contents->kind) {
    case Kind::plain:
      key = StoreKey{contents->plain->key};
      sodium_memzero(contents->plain->key.bytes.data(), contents->plain->key.bytes.size());
      break;
    case Kind::credential: {
      auto credential = read_credential();
      if (!credential) return Error{Errc::wrong_key, credential_name};
      key = std::move(*credential);
      break;
    }
    case Kind::passphrase: {
      if (!passphrase) return Error{Errc::wrong_key, "passphrase"};
      auto stretched = stretch(*passphrase, *contents->wrapped);
      if (!stretched) return stretched.error();
      if (crypto_aead_xchacha20poly1305_ietf_decrypt(key.writable().data(), nullptr, nullptr, contents->wrapped->sealed.bytes.data(),
                                                     contents->wrapped->sealed.bytes.size(), nullptr, 0,
                                                     contents->wrapped->nonce.bytes.data(), stretched->view().data()) != 0) {
        return Error{Errc::wrong_key, "passphrase"};
      }
      break;
    }
  }
  if (check_of(key) != contents->check) return Error{Errc::wrong_key, "key"};
  return key;
}

}  // namespace kiz
