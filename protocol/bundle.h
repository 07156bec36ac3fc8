// What lies inside a bundle: the messages of a sync session that need no answer. Rules: SPEC.md §12.2 to §12.4. The
// outside with its seal: bundle_seal.h; choosing what goes in and taking it in: libclient/bundle_file.h.
//
//   opening | control records ... | base ... | frontier ... | checkpoint wanted ... | checkpoint signed ... | run ... |
//   end with the sender's signature over all of it
//
// Everything that changes a replica proves itself (control records, runs); the sender's signature stands for the rest:
// who wrote the bundle, for whom, what it builds on and what its sender holds.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "protocol/bundle_seal.h"
#include "protocol/crypto.h"
#include "protocol/message.h"
#include "protocol/message_stream.h"

namespace kiz {

/// Kinds of the messages inside, apart from control records, checkpoints and runs, which are those of a session. Append only.
enum class BundlePart : std::uint32_t { opening = 64, base = 65, frontier = 66, end = 67, join = 68 };

struct BundleOpening {
  static constexpr BundlePart part = BundlePart::opening;
  std::uint8_t version = 1;
  RealmId realm;
  AuthorKey sender;
  TransportKey sender_transport;
  std::uint64_t number = 0;   // the sender's bundles count from 1
  std::uint64_t made_ms = 0;  // for people
  std::uint64_t builds_on = 0;  // the sender's bundle that must have been read before; 0: none, what recipients said suffices
  bool whole = false;           // builds on nothing: has everything that all recipients may read
  std::vector<TransportKey> recipients;  // ascending
  Seq control_from = 0;     // first control record in here; the sender takes the ones before to be held
  ControlPosition control;  // the sender's, behind the last of them

  template <class Archive>
  void serialize(Archive& ar);
};

/// What the sender takes all recipients to hold of a space. Runs begin behind these.
struct BundleBase {
  static constexpr BundlePart part = BundlePart::base;
  SpaceName space;
  std::vector<Head> heads;  // ascending; a space with more comes in several

  template <class Archive>
  void serialize(Archive& ar);
};

/// Which state hashes are comparable: raised when the registry gets a field that sums (SPEC.md §5.9).
inline constexpr std::uint64_t bundle_state_schema = 1;

/// What the sender holds of a space, each head with its author's signature: proof that the author went so far.
struct BundleFrontier {
  static constexpr BundlePart part = BundlePart::frontier;
  SpaceName space;
  std::uint64_t state_schema = bundle_state_schema;
  Hash state;  // the state hash that the sender computes at these heads and its control position
  std::vector<SignedHead> heads;  // ascending; a space with more comes in several

  template <class Archive>
  void serialize(Archive& ar);
};

struct BundleEnd {
  static constexpr BundlePart part = BundlePart::end;
  std::uint64_t messages = 0;  // before this one
  Signature signature;         // the sender's over the content hash

  template <class Archive>
  void serialize(Archive& ar);
};

/// The one message of a join bundle: the device answers an invite without a network.
struct BundleJoin {
  static constexpr BundlePart part = BundlePart::join;
  std::uint8_t version = 1;
  InviteId invite;
  AuthorKey author;
  TransportKey transport;
  std::string device;   // what the office calls it
  Hash proof;           // that the device knows invite and check number, and holds the private transport key
  Signature signature;  // by `author` over the same: join_file_binding

  template <class Archive>
  void serialize(Archive& ar);
};

/// body    of the message of kind T::part
/// errors  malformed, not_canonical, over_limit
template <class T>
Result<T> decode_bundle_part(ByteView body);
template <class T>
Bytes encode_bundle_part(const T& content);

// ---- enrolment by file

/// What proof and signature of a join bundle cover.
Hash join_file_binding(const Hash& outside, const InviteId& invite, const AuthorKey& author, const TransportKey& transport,
                       std::string_view device);
/// psk: of invite and check number; statics: X25519 of both transport keys, which either side can compute.
Hash join_file_proof(const SecretKey32& psk, const SecretKey32& statics, const Hash& binding);
/// The key of the pair from then on: derived, so that no secret travels in a file.
SecretKey32 join_file_psk(const SecretKey32& psk, const SecretKey32& statics, const AuthorKey& author);

// ---- the whole

/// Hash over outside and messages, in order, whatever their packing.
class BundleHasher {
 public:
  explicit BundleHasher(const Hash& outside);
  void add(std::uint32_t kind, ByteView body);
  Hash finish() { return hasher_.finish(); }

 private:
  crypto::Hasher hasher_;
};

inline constexpr char bundle_label[] = "kiz-sync bundle v1";

/// Puts an exchange bundle together. Parts must come in the order of the inside; the writer does not check that.
class BundleWriter {
 public:
  /// Appends to `out`. errors: those of BundleSealer::begin
  static Result<BundleWriter> begin(const BundleOpening& opening, const BundleSecrets& fresh, Bytes& out);

  void add(std::uint32_t kind, ByteView body, Bytes& out);
  template <class T>
  void add(const T& content, Bytes& out) { add(static_cast<std::uint32_t>(T::part), encode_bundle_part(content), out); }
  /// The end, signed, and the last chunk.
  void finish(const crypto::SigningKey& key, Bytes& out);

 private:
  BundleWriter(BundleSealer sealer) : sealer_(std::move(sealer)), hasher_(sealer_.outside().hash) {}

  BundleSealer sealer_;
  BundleHasher hasher_;
  std::uint64_t messages_ = 0;
};

/// A run as it stands inside: bounded, otherwise unchecked.
struct BundleRun {
  Bytes bytes;
};

using BundleItem = std::variant<BundleOpening, ControlRecords, BundleBase, BundleFrontier, CheckpointWanted, CheckpointSigned, BundleRun,
                                BundleEnd, BundleJoin>;

/// Takes a bundle apart. Checks seal, form and order; which keys may say what is the caller's business.
class BundleReader {
 public:
  explicit BundleReader(const SecretKey32& own) : opener_(own) {}

  /// Bytes of the file in order, in pieces of any size. Call next() until it is empty before the next piece.
  Result<void> feed(ByteView in) {
    fed_ += in.size();
    return opener_.feed(in, messages_.tail());
  }
  Result<void> end_of_file() { ended_ = true; return opener_.finish(messages_.tail()); }
  /// The next item. Items come in the order of the inside, or it is an error; of an exchange bundle the first is the
  /// opening and the last the end, of a join bundle there is one.
  /// errors   malformed, not_canonical, over_limit, unknown_version
  Result<std::optional<BundleItem>> next();
  /// True once the last item has been taken.
  bool complete() const { return complete_; }

  const std::optional<BundleOutside>& outside() const { return opener_.outside(); }
  /// Of an exchange bundle, after its end was taken: what its signature must be over.
  const Hash& content_hash() const { return content_hash_; }

 private:
  Result<BundleItem> take(const ReceivedMessage& message);
  Result<void> check_order(std::uint32_t kind);

  BundleOpener opener_;
  MessageReader messages_;
  std::optional<BundleHasher> hasher_;
  Hash content_hash_;
  unsigned stage_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t fed_ = 0;
  std::uint64_t unpacked_ = 0;
  bool ended_ = false;
  bool complete_ = false;
};

/// For fuzzing: all of `in` is a bundle for this key and its items were well-formed. `items` counts those taken.
bool reads_as_bundle(ByteView in, const SecretKey32& own, std::size_t step, std::size_t& items);

}  // namespace kiz
