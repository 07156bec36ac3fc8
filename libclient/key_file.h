// Where the store key comes from: a systemd credential, a passphrase, or a file that only its owner may read.
// The file `key` holds a check value in every case, so that a wrong key and a damaged store are told apart.
//
//   version 1 | kind | check 16 | kind 0: key 32
//                              | kind 1: ops 8 | memory 8 | salt 16 | nonce 24 | sealed key 48   (Argon2id, XChaCha20-Poly1305)
//                              | kind 2: nothing (the key is the credential `kiz-store-key`)
#pragma once

#include <optional>
#include <string>

#include "kiz/result.h"
#include "libclient/store_key.h"

namespace kiz {

/// Draws a store key and writes `path`. With a credential that one is taken; with a passphrase the key is wrapped.
/// A key that is there is never replaced: it is all that opens its store.
/// errors: already_set_up (there is a file), io_error, no_space, wrong_key (a credential that is not 32 bytes)
Result<StoreKey> make_store_key(const std::string& path, const std::optional<std::string>& passphrase);

/// errors: not_set_up (no file), wrong_key (wrong passphrase or none given, other credential, file open to others),
///         damaged, unknown_version, io_error
Result<StoreKey> open_store_key(const std::string& path, const std::optional<std::string>& passphrase);

/// Wraps the same key anew: another passphrase, or none. errors: as above
Result<void> rewrap_store_key(const std::string& path, const StoreKey& key, const std::optional<std::string>& passphrase);

}  // namespace kiz
