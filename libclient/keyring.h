// The keys of a device and of its pairs, sealed with the store key in the file `keyring`: not part of a backup.
//
//   version 2 | nonce 24 | XChaCha20-Poly1305 of the canonical bytes of KeyringContents
//
// Version 1, without realm secrets, is read too.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "libclient/store_key.h"
#include "protocol/control_log.h"
#include "protocol/secret.h"

namespace kiz {

/// The pre-shared key with one other device.
struct PairKey {
  TransportKey peer;
  SecretKey32 psk;
  std::optional<SecretKey32> next;  // sent, but not used yet: both are accepted

  template <class Archive>
  void serialize(Archive& ar);
};

/// What members derive their keys among themselves from (pre_shared_key.h). Drawn by the authority's node, one for each
/// epoch of the control log.
struct RealmSecret {
  std::uint64_t epoch = 0;
  SecretKey32 secret;

  template <class Archive>
  void serialize(Archive& ar);
};

/// An invite that this Kreis has made.
struct IssuedInvite {
  InviteId id;
  Secret<16> secret;
  SecretKey32 psk;  // of invite and check number
  MemberId member;
  Rights rights = 0;
  std::uint64_t made_ms = 0;
  std::uint64_t expires_ms = 0;
  std::uint8_t tries_left = 5;
  bool needs_confirmation = false;
  std::optional<AuthorKey> used_by;  // bound to this device; it alone may repeat until it has acknowledged the grant
  bool acknowledged = false;

  template <class Archive>
  void serialize(Archive& ar);
};

/// An invite that this device is about to use.
struct PendingJoin {
  Bytes invite;  // its text
  SecretKey32 psk;

  template <class Archive>
  void serialize(Archive& ar);
};

struct KeyringContents {
  SecretKey32 author_seed;
  SecretKey32 transport;
  std::string device_name;
  std::optional<SecretKey32> issuing_seed;  // the realm authority's node only
  std::vector<PairKey> pairs;
  std::vector<IssuedInvite> invites;
  std::vector<std::string> own_addresses;   // what members dial, written into invites
  std::vector<std::string> listen;          // where the authority's node waits for them; empty: port 7411 everywhere
  std::vector<std::string> kreis_addresses; // what this device dials
  std::optional<TransportKey> kreis;        // whom it dials there
  std::optional<PendingJoin> joining;
  bool offline = false;                     // sync is stopped by hand
  std::vector<RealmSecret> realm_secrets;   // of the newest epochs; newest last
  std::optional<SecretKey32> pair_secret;   // the authority's node: what the keys of its pairs are made from
  std::optional<RealmId> recovering;        // the authority's node is being rebuilt for this realm

  const PairKey* pair(const TransportKey& peer) const;
  const RealmSecret* realm_secret(std::uint64_t epoch) const;
  /// Adds one that is not held yet; the oldest one makes way for a fifth.
  void keep_realm_secret(std::uint64_t epoch, SecretKey32 secret);
  /// Makes room for one more invite: those that are done with go first, oldest first. False: all are open.
  bool make_room_for_invite(std::uint64_t now_ms);
  template <class Archive>
  void serialize(Archive& ar);
};

/// Version and canonical bytes, not sealed: for a backup, which seals them itself. The caller wipes them.
Bytes encode_keyring(const KeyringContents& contents);
/// errors: damaged, unknown_version
Result<KeyringContents> decode_keyring(ByteView bytes);

/// errors: io_error, no_space
Result<void> write_keyring(const std::string& path, const StoreKey& key, const KeyringContents& contents);
/// errors: not_set_up (no file), damaged (not sealed with this key, or changed), unknown_version, io_error
Result<KeyringContents> read_keyring(const std::string& path, const StoreKey& key);

}  // namespace kiz
