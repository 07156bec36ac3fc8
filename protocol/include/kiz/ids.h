// Names of things. Rules: SPEC.md "Names". All ids are opaque ordered bytes; order is bytewise.
#pragma once

#include <cstdint>
#include <string>

#include "kiz/bytes.h"

namespace kiz {

using Hash = FixedBytes<32, struct HashTag>;                  // any labelled BLAKE2b-256
using RealmId = FixedBytes<32, struct RealmTag>;              // hash of the control log's first record
using LogId = FixedBytes<32, struct LogTag>;                  // hash of a log's genesis
using EntryHash = FixedBytes<32, struct EntryTag>;            // hash of an entry's canonical header
using ControlHash = FixedBytes<32, struct ControlTag>;        // hash of a control record
using AuthorKey = FixedBytes<32, struct AuthorTag>;           // Ed25519 public key of a device
using TransportKey = FixedBytes<32, struct TransportTag>;     // X25519 static public key of a device
using Signature = FixedBytes<64, struct SignatureTag>;        // Ed25519
using Salt = FixedBytes<32, struct SaltTag>;                  // one per entry
using Nonce = FixedBytes<32, struct NonceTag>;                // one per op, derived from the salt
using Commitment = FixedBytes<32, struct CommitmentTag>;      // H(nonce, padded value)
using Incarnation = FixedBytes<16, struct IncarnationTag>;    // random, one per life of a store
using InviteId = FixedBytes<16, struct InviteTag>;
using RecordKey = FixedBytes<16, struct RecordTag>;           // random, or derived from a natural key

using Seq = std::uint64_t;  // place in a log, from 1; 0 = before the first entry
using MemberId = std::string;  // official key: 8 digits municipality, 5 digits Kreis, "05" Land; at most 12 ASCII digits

/// What a space holds. Numbers are on the wire: append only. Others than these are stored and forwarded.
enum class Collection : std::uint32_t {
  offers = 1,     // Angebote
  needs = 2,      // Bedarf
  counts = 3,     // Zahlen
  consents = 4,   // Einvernehmen
  reference = 5,  // Bezugsdaten
  concept_ = 6,   // Integrationskonzept
  funding = 7,    // Foerderung
  reports = 8,    // Berichte
  actors = 9,     // Akteure
  events = 10,    // Veranstaltungen
  extension = 1000,  // collections that an embedding program registers start here
};

/// (realm, owning member, collection, optional counterpart): unit of replication, of rights and of failure.
struct Space {
  RealmId realm;
  MemberId owner;
  Collection collection{};
  MemberId counterpart;  // empty: none

  auto operator<=>(const Space&) const = default;

  template <class Archive>
  void serialize(Archive& ar);  // wire.h
};

struct RecordId {
  std::uint32_t kind = 0;  // registry.h; 0 = not a record but a note about the entry itself
  RecordKey key;

  auto operator<=>(const RecordId&) const = default;
};

/// A cell is named by the entry and the index of the op that asserted it first.
struct CellName {
  EntryHash entry;
  std::uint32_t op = 0;

  auto operator<=>(const CellName&) const = default;

  template <class Archive>
  void serialize(Archive& ar);  // wire.h
};

/// One element of `seen`, of a frontier, of a cut: this log up to and including this entry.
struct Head {
  LogId log;
  Seq seq = 0;
  EntryHash entry;

  auto operator<=>(const Head&) const = default;

  template <class Archive>
  void serialize(Archive& ar);  // wire.h
};

/// Which prefix of the control log an author knew.
struct ControlPosition {
  std::uint64_t epoch = 0;
  Seq seq = 0;  // 0: nothing of the control log
  ControlHash hash;

  auto operator<=>(const ControlPosition&) const = default;

  template <class Archive>
  void serialize(Archive& ar);  // wire.h
};

}  // namespace kiz
