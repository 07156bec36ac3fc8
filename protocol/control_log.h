// The control log: one linear, signed log in which the realm authority names members, grants rights and ends logs.
// Rules: SPEC.md §4 "Control log". What follows from it for an entry: rights.h.
//
// Two keys from the first day: the root (on the emergency sheet only) certifies the issuing key, opens epochs and
// restores; the issuing key appends within an epoch.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "kiz/timestamp.h"
#include "protocol/checkpoint.h"
#include "protocol/crypto.h"

namespace kiz {

/// Part of a realm that a member plays. Append only.
enum class MemberRole : std::uint8_t { municipality = 1, kreis = 2, land = 3 };

/// What a device may do in its own member's spaces; bits, append only. Reading is bound to the member (rights.h).
enum class Right : std::uint32_t { write = 1, consent = 2, erase = 4, admin = 8 };
using Rights = std::uint32_t;
inline constexpr Rights rights_of_an_office = 1 | 2;       // what an invite gives unless it says otherwise
inline constexpr Rights rights_of_the_kreis = 1 | 2 | 4 | 8;

/// Where a log ends: at the entry `head` (seq 0: before its first entry). `fork` is set when the issuer knew several
/// branches: the seq of the last entry that all of them share.
struct Cut {
  LogId log;
  Seq seq = 0;
  EntryHash head;
  std::optional<Seq> fork;

  bool operator==(const Cut&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

struct RealmFounded {  // always the first record; its hash is the realm's id
  AuthorKey root;
  AuthorKey issuing;
  Signature certificate;  // root over the issuing key
  std::string name;
  MemberId authority;

  template <class Archive>
  void serialize(Archive& ar);
};
struct MemberNamed {
  MemberId id;
  std::string name;
  MemberRole role{};

  template <class Archive>
  void serialize(Archive& ar);
};
struct DeviceGranted {
  AuthorKey author;
  TransportKey transport;
  MemberId member;
  Rights rights = 0;
  std::string device;  // what the office calls it
  std::uint64_t admitted_until_ms = 0;  // decides admission to a session, never validity of an entry
  std::optional<InviteId> invite;       // the one-time invite that was used up

  template <class Archive>
  void serialize(Archive& ar);
};
struct LogCut {  // ends one log or moves its end; takes no right
  Cut cut;

  template <class Archive>
  void serialize(Archive& ar);
};
struct DeviceRevoked {  // takes every right; logs of the device not named end at 0
  AuthorKey author;
  std::vector<Cut> cuts;

  template <class Archive>
  void serialize(Archive& ar);
};
struct RightWithdrawn {  // takes one right in one collection beyond the cuts
  AuthorKey author;
  Right right{};
  Collection collection{};
  std::vector<Cut> cuts;

  template <class Archive>
  void serialize(Archive& ar);
};
struct RightGivenBack {  // to entries that cite this position or a later one
  AuthorKey author;
  Right right{};
  Collection collection{};

  template <class Archive>
  void serialize(Archive& ar);
};
struct AdmissionRenewed {
  AuthorKey author;
  std::uint64_t admitted_until_ms = 0;

  template <class Archive>
  void serialize(Archive& ar);
};
struct RuleSet {  // a policy of the realm, e.g. "paper_consent_counts" = "yes"
  std::string name;
  std::string value;

  template <class Archive>
  void serialize(Archive& ar);
};
struct EpochOpened {  // signed by the root: a new issuing key, and the last record of the old epoch that counts
  AuthorKey issuing;
  Signature certificate;
  ControlPosition last_good;

  template <class Archive>
  void serialize(Archive& ar);
};
struct UnknownControl {};  // of a newer version: kept and forwarded; ignored for rights unless the record is critical

using ControlBody = std::variant<UnknownControl, RealmFounded, MemberNamed, DeviceGranted, LogCut, DeviceRevoked,
                                 RightWithdrawn, RightGivenBack, AdmissionRenewed, RuleSet, EpochOpened, Checkpoint>;

/// A record as it is signed, sent and kept. `kind` is the place in ControlBody; 12 to 15 are reserved for release
/// records and attachment references.
struct ControlRecord {
  std::uint8_t version = 1;
  std::uint64_t epoch = 1;
  Seq seq = 0;  // from 1, through all epochs
  ControlHash before;  // zero for the first
  std::uint64_t time_ms = 0;  // for people; nothing is judged by it
  bool critical = false;  // a reader that does not know the kind must not judge entries that cite this or later records
  std::uint32_t kind = 0;
  Bytes payload;
  Signature signature;  // issuing key of the epoch, or root for the first record and for EpochOpened

  template <class Archive>
  void serialize(Archive& ar);
};

/// Hash over all but the signature.
ControlHash control_hash(const ControlRecord& record);
ControlPosition position_of(const ControlRecord& record);

/// The payload as a structure. errors: malformed, not_canonical, over_limit
Result<ControlBody> decode_control_body(const ControlRecord& record);

/// Builds and signs the record that follows `last` (nullptr: the first one).
ControlRecord make_control_record(const ControlRecord* last, const ControlBody& body, std::uint64_t time_ms,
                                  const crypto::SigningKey& key);

/// Signs a record that was changed after it was made.
void sign_control_record(ControlRecord& record, const crypto::SigningKey& key);

/// The root's word for an issuing key.
Signature certify_issuing_key(const crypto::SigningKey& root, const AuthorKey& issuing);

Bytes encode_control_record(const ControlRecord& record);
/// in: at most limits::control_record_bytes_max bytes
Result<ControlRecord> decode_control_record(ByteView in);

/// The records held, in order, and the keys that may continue them.
class ControlLog {
 public:
  /// Appends the next record after checking place, signature and payload. A record that opens an epoch may stand at an
  /// earlier place: what is held from there on was closed by it, and goes.
  /// errors: broken_chain, gap, fork (another record at this place: kept by the caller as proof), bad_signature,
  ///         malformed, unknown_version, foreign_realm, below_checkpoint, not_permitted (who signed a checkpoint)
  Result<void> append(ControlRecord record);
  /// Takes these consecutive records, which end in one that opens a later epoch than any held, in place of what is held
  /// from the first of them on. errors: those of append; then nothing has changed
  Result<void> replace(std::span<const ControlRecord> branch);
  /// The log as it was when the record with this seq was the last.
  ControlLog until(Seq last) const;
  /// True if this record and the one held at its place were both signed by the authority in one epoch.
  bool proves_fork(const ControlRecord& other) const;

  bool empty() const { return records_.empty(); }
  Seq last_seq() const { return records_.size(); }
  ControlPosition position() const;
  RealmId realm() const;  // zero while empty
  const std::vector<ControlRecord>& records() const { return records_; }
  const std::vector<ControlBody>& bodies() const { return bodies_; }
  const std::vector<ControlHash>& hashes() const { return hashes_; }
  const AuthorKey& root() const { return root_; }
  const AuthorKey& issuing() const { return issuing_; }
  std::uint64_t epoch() const { return epoch_; }
  /// How often held records went because an epoch had closed them. Whoever derives from the log begins anew then.
  std::uint64_t closings() const { return closings_; }

  /// Index (1-based seq) of a position cited by an entry, when this prefix is held. Positions on a closed branch are
  /// judged by the common prefix and the new epoch: they count as the record that opened the epoch.
  std::optional<Seq> index_of(const ControlPosition& cited) const;

 private:
  AuthorKey issuing_at(Seq seq) const;  // who signs what follows the record with this seq
  void cut_back(Seq last);
  /// What a checkpoint demands, and what earlier ones forbid, of a record behind `last`.
  Result<void> check_against_checkpoints(const ControlBody& body, Seq last) const;

  std::vector<ControlRecord> records_;
  std::vector<ControlBody> bodies_;
  std::vector<ControlHash> hashes_;
  Seq unknown_from_ = 0;  // first critical record of a kind that this version does not know; 0: none
  AuthorKey root_;
  AuthorKey issuing_;
  std::uint64_t epoch_ = 0;
  std::uint64_t closings_ = 0;
};

}  // namespace kiz
