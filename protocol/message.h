// What two replicas say to each other inside the encrypted channel. Rules and bytes: SPEC.md "Messages".
//
// A message is a kind (a number) and a body in canonical bytes. Kinds from 128 on may be ignored by a reader that does not
// know them; an unknown kind below 128 ends the session. The channel bounds a message before it is put together
// (limits::message_bytes_max); every list in here is bounded before it is allocated.
#pragma once

#include <optional>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "kiz/value.h"
#include "protocol/checkpoint.h"

namespace kiz {

/// Append only.
enum class MessageKind : std::uint32_t {
  // the sync session
  hello = 1,
  position = 2,
  control_records = 3,
  control_proof = 4,
  own_heads_wanted = 5,
  own_heads = 6,
  digests = 7,
  frontier = 8,
  samples = 9,
  run = 10,
  ack = 11,
  quiet = 12,
  refused = 13,
  close = 14,
  // enrolment
  join_request = 32,
  join_waiting = 33,
  join_accepted = 34,
  join_refused = 35,
  join_acknowledged = 36,
  // may be ignored
  ping = 128,
  pong = 129,
  realm_secret_wanted = 130,
  realm_secret = 131,
  receipt = 132,
  values_wanted = 133,
  values_given = 134,
  checkpoint_wanted = 135,
  checkpoint_signed = 136,
  states = 137,
  proven_heads = 138,
};

/// True for a kind that a reader who does not know it passes over.
inline bool may_be_ignored(MessageKind kind) { return static_cast<std::uint32_t>(kind) >= 128; }

struct Message {
  MessageKind kind{};
  Bytes body;

  bool operator==(const Message&) const = default;
};

/// A place in a log on one of its branches.
struct Point {
  Seq seq = 0;      // 0: before the first entry
  EntryHash entry;  // means nothing for seq 0

  static Point of(const Head& head) { return {head.seq, head.entry}; }
  auto operator<=>(const Point&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

using ShortDigest = FixedBytes<16, struct ShortDigestTag>;  // the first 16 bytes of a labelled hash

/// A space of the realm that both sides agreed on in their hellos.
struct SpaceName {
  MemberId owner;
  Collection collection{};
  MemberId counterpart;

  auto operator<=>(const SpaceName&) const = default;
  static SpaceName of(const Space& space) { return {space.owner, space.collection, space.counterpart}; }
  Space in(const RealmId& realm) const { return {realm, owner, collection, counterpart}; }
  template <class Archive>
  void serialize(Archive& ar);
};

/// First message of each side; both send it without waiting for the other's.
struct Hello {
  static constexpr MessageKind kind = MessageKind::hello;
  std::uint8_t version = 1;
  std::uint64_t capabilities = 0;  // bits; unknown ones are ignored
  RealmId realm;
  ControlPosition control;
  Hash summary;              // over the digests of all spaces that both sides may read, as of `control`
  ShortDigest your_heads;    // over the heads of the receiver's own logs as the sender knows them
  std::uint64_t window = 0;  // bytes of runs that the sender of this takes before it has committed any of them

  template <class Archive>
  void serialize(Archive& ar);
};

/// The sender's control log has moved; `summary` as in the hello.
struct Position {
  static constexpr MessageKind kind = MessageKind::position;
  ControlPosition control;
  Hash summary;

  template <class Archive>
  void serialize(Archive& ar);
};

/// Consecutive control records, encoded one by one.
struct ControlRecords {
  static constexpr MessageKind kind = MessageKind::control_records;
  std::vector<Bytes> records;

  template <class Archive>
  void serialize(Archive& ar);
};

/// The sender's control record at a place where the receiver has another one in the same epoch.
struct ControlProof {
  static constexpr MessageKind kind = MessageKind::control_proof;
  Bytes record;

  template <class Archive>
  void serialize(Archive& ar);
};

struct OwnHeadsWanted {
  static constexpr MessageKind kind = MessageKind::own_heads_wanted;

  template <class Archive>
  void serialize(Archive& ar);
};

/// A head with its author's run signature over it: proof that the author once went so far.
struct SignedHead {
  Head head;
  Signature signature;

  auto operator<=>(const SignedHead&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// The heads of the receiver's own logs as the sender knows them.
struct OwnHeads {
  static constexpr MessageKind kind = MessageKind::own_heads;
  std::vector<SignedHead> heads;  // ascending

  template <class Archive>
  void serialize(Archive& ar);
};

struct NamedDigest {
  SpaceName space;
  ShortDigest digest;

  auto operator<=>(const NamedDigest&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// All spaces of the sender that both may read and that hold anything. Sent by the initiator of the connection only.
struct Digests {
  static constexpr MessageKind kind = MessageKind::digests;
  std::vector<NamedDigest> spaces;  // ascending

  template <class Archive>
  void serialize(Archive& ar);
};

/// What the sender holds of one space; long ones come in parts, one directly after the other.
struct FrontierPart {
  static constexpr MessageKind kind = MessageKind::frontier;
  SpaceName space;
  bool more = false;    // another part of this frontier follows
  bool answer = false;  // the sender wants the receiver's frontier, or `covers`
  bool covers = false;  // in an answer, instead of heads: the sender holds everything that the asking frontier names
  std::vector<Head> heads;  // ascending, through all parts

  template <class Archive>
  void serialize(Archive& ar);
};

/// Places that the sender holds on its branch of a forked log, so that the receiver finds where the branches part.
struct Samples {
  static constexpr MessageKind kind = MessageKind::samples;
  SpaceName space;
  LogId log;
  bool answer = false;        // the sender wants the receiver's
  std::vector<Point> points;  // ascending

  template <class Archive>
  void serialize(Archive& ar);
};

// A run message has no structure of its own: its body is the canonical bytes of the run (entry.h).

/// A run that did not become applied as a whole.
struct RunException {
  std::uint64_t run = 0;
  Errc refused = Errc::ok;  // ok: stored, but waiting, quarantined or void

  auto operator<=>(const RunException&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// All runs up to this number (counted from 1 by both sides) are committed or refused; their bytes are credit again.
struct Ack {
  static constexpr MessageKind kind = MessageKind::ack;
  std::uint64_t upto = 0;
  std::vector<RunException> exceptions;  // ascending, none twice

  template <class Archive>
  void serialize(Archive& ar);
};

/// Nothing left to send, to commit or to hear about, while it is not known that both hold the same.
struct Quiet {
  static constexpr MessageKind kind = MessageKind::quiet;
  std::uint64_t runs_seen = 0;     // how many runs of the receiver this takes into account
  std::uint64_t digests_seen = 0;  // and how many Digests
  bool matches = false;            // the sender's summary equals the one that the receiver announced last
  std::optional<Hash> summary;     // the sender's, where it has changed since the sender announced it; not with `matches`

  template <class Archive>
  void serialize(Archive& ar);
};

/// The sender neither gives nor takes anything in this space for now. Says not_permitted both for a space that the
/// receiver may not read and for one that does not exist.
struct SpaceRefused {
  static constexpr MessageKind kind = MessageKind::refused;
  SpaceName space;
  Errc code{};

  template <class Archive>
  void serialize(Archive& ar);
};

struct Close {
  static constexpr MessageKind kind = MessageKind::close;
  Errc code = Errc::ok;  // ok: done

  template <class Archive>
  void serialize(Archive& ar);
};

struct Ping {
  static constexpr MessageKind kind = MessageKind::ping;
  template <class Archive>
  void serialize(Archive& ar);
};
struct Pong {
  static constexpr MessageKind kind = MessageKind::pong;
  template <class Archive>
  void serialize(Archive& ar);
};

/// The Kreis's word, with its time, that it holds these heads of a space: for people and for cuts. The merge reads none.
struct Receipt {
  static constexpr MessageKind kind = MessageKind::receipt;
  SpaceName space;
  std::uint64_t time_ms = 0;
  std::vector<Head> heads;  // ascending
  AuthorKey issuer;         // a device of the realm authority
  Signature signature;

  template <class Archive>
  void serialize(Archive& ar);
};

/// What the issuer of a receipt signs: label "kiz-sync receipt v1" and this hash.
Hash receipt_hash(const Receipt& receipt, const RealmId& realm);
inline constexpr char receipt_label[] = "kiz-sync receipt v1";

/// Bit of Hello::capabilities: the sender answers values_wanted and checkpoint_wanted.
inline constexpr std::uint64_t answers_for_values = 1;
/// The same: the sender looks at states and at proven_heads.
inline constexpr std::uint64_t compares_states = 2;

/// The sender's live cells that lack their value.
struct ValuesWanted {
  static constexpr MessageKind kind = MessageKind::values_wanted;
  SpaceName space;
  std::vector<CellName> cells;  // ascending

  template <class Archive>
  void serialize(Archive& ar);
};

struct GivenValue {
  CellName cell;
  bool whole = false;  // `secret` is the salt of the entry, all of whose values the sender holds; else the nonce of the op
  FixedBytes<32, struct ValueSecretTag> secret;
  Value value;

  bool operator<(const GivenValue& other) const { return cell < other.cell; }
  template <class Archive>
  void serialize(Archive& ar);
};

/// What the sender holds of the values asked for.
struct ValuesGiven {
  static constexpr MessageKind kind = MessageKind::values_given;
  SpaceName space;
  bool more = false;  // another message belongs to the same answer
  std::vector<GivenValue> values;  // ascending, none twice

  template <class Archive>
  void serialize(Archive& ar);
};

/// The authority asks a device of the space's owner whether it evaluates the same.
struct CheckpointWanted {
  static constexpr MessageKind kind = MessageKind::checkpoint_wanted;
  CheckpointClaim claim;

  template <class Archive>
  void serialize(Archive& ar);
};

/// It does.
struct CheckpointSigned {
  static constexpr MessageKind kind = MessageKind::checkpoint_signed;
  Checkpoint checkpoint;

  template <class Archive>
  void serialize(Archive& ar);
};

/// What the sender computes of a space in which it stands at these heads.
struct NamedState {
  SpaceName space;
  ShortDigest heads;
  Hash state;

  bool operator<(const NamedState& other) const { return space < other.space; }
  template <class Archive>
  void serialize(Archive& ar);
};

/// Told now and then once both hold the same. Whoever computes something else evaluates anew and answers with its own.
struct States {
  static constexpr MessageKind kind = MessageKind::states;
  ControlPosition control;
  std::uint64_t schema = 0;  // of the state hash
  ShortDigest counters;      // over the fields that the sender knows as counters: older programs sum up fewer
  std::vector<NamedState> spaces;  // ascending, none twice

  template <class Archive>
  void serialize(Archive& ar);
};

struct ProvenHead {
  SpaceName space;
  SignedHead head;

  auto operator<=>(const ProvenHead&) const = default;
  template <class Archive>
  void serialize(Archive& ar);
};

/// How far authors went, by their own signatures. Nobody who stands between can make one up, or take back what was told.
struct ProvenHeads {
  static constexpr MessageKind kind = MessageKind::proven_heads;
  std::vector<ProvenHead> heads;  // ascending

  template <class Archive>
  void serialize(Archive& ar);
};

using PairPsk = FixedBytes<32, struct PairPskTag>;

/// First message of a device that comes with an invite.
struct JoinRequest {
  static constexpr MessageKind kind = MessageKind::join_request;
  std::uint8_t version = 1;
  AuthorKey author;
  std::string device;   // what the office calls it
  Signature signature;  // by `author`: label, handshake hash, device: this key asks, in this handshake

  template <class Archive>
  void serialize(Archive& ar);
};

/// The authority wants a person to compare the code on both screens first.
struct JoinWaiting {
  static constexpr MessageKind kind = MessageKind::join_waiting;
  template <class Archive>
  void serialize(Archive& ar);
};

/// Follows the control records, all of them, which name the device.
struct JoinAccepted {
  static constexpr MessageKind kind = MessageKind::join_accepted;
  MemberId member;
  ControlPosition control;  // after the last record sent
  PairPsk psk;              // of the two from now on; whoever encodes or decodes it wipes the bytes

  template <class Archive>
  void serialize(Archive& ar);
};

struct JoinRefused {
  static constexpr MessageKind kind = MessageKind::join_refused;
  Errc code{};

  template <class Archive>
  void serialize(Archive& ar);
};

/// The device has stored control log and psk; the invite is used up for good.
struct JoinAcknowledged {
  static constexpr MessageKind kind = MessageKind::join_acknowledged;
  ControlPosition control;

  template <class Archive>
  void serialize(Archive& ar);
};

/// A member lacks the realm secret of its control epoch.
struct RealmSecretWanted {
  static constexpr MessageKind kind = MessageKind::realm_secret_wanted;
  template <class Archive>
  void serialize(Archive& ar);
};

/// What members derive the keys among themselves from (pre_shared_key.h). Only the authority's devices hand it out.
struct RealmSecretHandedOver {
  static constexpr MessageKind kind = MessageKind::realm_secret;
  std::uint64_t epoch = 0;  // of the control log
  PairPsk secret;           // whoever encodes or decodes it wipes the bytes

  template <class Archive>
  void serialize(Archive& ar);
};

/// T is any structure above that has a `kind`.
template <class T>
Message encode_message(const T& content);

/// body    of a message whose kind is T::kind; not kept
/// errors  malformed, not_canonical, over_limit
template <class T>
Result<T> decode_message(ByteView body);

}  // namespace kiz
