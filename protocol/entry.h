// One link of a log, the genesis that names a log, and a run of links under one signature.
// Rules: SPEC.md §3 "Entries and logs". Only canonical bytes are hashed; the body is what travels and is kept at rest.
//
//   header (hashed)  version | suite | log id | seq | backlink | timestamp | control position | seen | ops root | flags
//   body             timestamp | control position | seen | flags | salt or what is left of it | ops with their values
// The header is rebuilt from the body, the log id, seq and backlink; so neither travels nor is stored.
#pragma once

#include <optional>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "kiz/timestamp.h"
#include "protocol/crypto.h"
#include "protocol/operation.h"

namespace kiz {

inline constexpr std::uint8_t entry_version = 1;
inline constexpr std::uint8_t entry_suite = 1;  // BLAKE2b-256, Ed25519; 2 and 3 are reserved (SPEC.md §1)

/// Why a log was opened. Append only.
enum class LogReason : std::uint8_t { first = 0, restored = 1, cloned = 2, machine_changed = 3, fork_proved = 4, log_ended = 5 };

/// The birth of a log. Its hash is the log's id, so an id fixes space, author and incarnation for ever.
struct Genesis {
  Space space;
  AuthorKey author;
  Incarnation incarnation;
  std::optional<Head> predecessor;  // the log before, with its last own entry that was known
  LogReason reason = LogReason::first;

  bool operator==(const Genesis&) const = default;
  template <class Archive>
  void serialize(Archive& ar);  // entry_fields.h
};

LogId log_id(const Genesis& genesis);

struct EntryHeader {
  std::uint8_t version = entry_version;
  std::uint8_t suite = entry_suite;
  LogId log;
  Seq seq = 0;          // from 1
  EntryHash backlink;   // of the entry before; for seq 1 the bytes of the log id
  Timestamp hlc;
  ControlPosition control;  // what the author knew of the control log; never decreases inside a log
  std::vector<Head> seen;   // changes of the author's applied frontier since its own previous entry; sorted, no twins
  Hash ops_root;
  std::uint32_t flags = 0;  // none defined; unknown ones are kept

  template <class Archive>
  void serialize(Archive& ar);  // entry_fields.h
};

EntryHash entry_hash(const EntryHeader& header);

/// What proves a value to be the one committed to. One 32-byte salt serves all ops of an entry until a value is erased;
/// from then on each op stands for itself.
struct ValueProof {
  std::optional<Nonce> nonce;            // value held
  std::optional<Commitment> commitment;  // value gone: erased, pruned or not arrived

  bool operator==(const ValueProof&) const = default;
};

struct EntryBody {
  Timestamp hlc;
  ControlPosition control;
  std::vector<Head> seen;
  std::uint32_t flags = 0;
  std::optional<Salt> salt;        // all values held
  std::vector<ValueProof> proofs;  // no salt: one for each op that carries a value, in order
  std::vector<Op> ops;

  bool operator==(const EntryBody&) const = default;
  template <class Archive>
  void serialize(Archive& ar);  // entry_fields.h
};

/// Nonce of the op with this index under an entry's salt.
Nonce op_nonce(const Salt& salt, std::uint32_t op_index);
/// H(nonce, value padded with zeros to 32 bytes).
Commitment commit_value(const Nonce& nonce, const Value& value);
/// Hash over the structure of all ops and the commitments to their values.
Hash ops_root(const EntryBody& body);
/// The commitments, in op order; only ops that carry a value have one.
std::vector<Commitment> commitments(const EntryBody& body);

/// Header of the entry with this body at this place.
EntryHeader header_of(const EntryBody& body, const LogId& log, Seq seq, const EntryHash& backlink);
/// The same where ops_root(body) is known.
EntryHeader header_of(const EntryBody& body, const Hash& root, const LogId& log, Seq seq, const EntryHash& backlink);

/// Checks what makes an entry invalid whatever its place: bounds, order of `seen`, modes and fields that fit together.
/// errors: over_limit, malformed, not_canonical
Result<void> check_body(const EntryBody& body);

/// Replaces the salt by nonces and drops the values of the ops in `gone` (indices); the entry hash stays the same.
void drop_values(EntryBody& body, const std::vector<std::uint32_t>& gone);

/// Puts back the value of an op that has none, under the nonce it was committed to. `salt`: of the entry, where it is known;
/// without it a body that lacks nothing else stays as it is, for it could not be spelt (SPEC.md §3).
/// True if the body has changed: the value is the one committed to.
bool put_value_back(EntryBody& body, std::uint32_t op, const Nonce& nonce, const std::optional<Salt>& salt, const Value& value);

/// The nonce of an op whose value is held; empty where it is not, or where there is no such op.
std::optional<Nonce> nonce_of(const EntryBody& body, std::uint32_t op);

/// Consecutive entries of one branch of a log with one signature over the last.
struct Run {
  std::uint8_t version = entry_version;
  std::uint8_t suite = entry_suite;
  LogId log;
  std::optional<Genesis> genesis;  // present exactly when first_seq is 1
  Seq first_seq = 0;
  EntryHash before;  // hash of the entry before the first; the log id's bytes when first_seq is 1
  std::vector<EntryBody> entries;  // at least one, at most limits::run_entries_max
  Signature signature;             // the author's over the hash of the last entry

  Seq last_seq() const { return first_seq + entries.size() - 1; }
  template <class Archive>
  void serialize(Archive& ar);  // entry_fields.h
};

inline constexpr char run_label[] = "kiz-sync run v1";

/// A run whose links and signature hold, with what was computed on the way.
struct VerifiedRun {
  Run run;
  std::vector<EntryHash> hashes;  // one per entry
};

/// Canonical bytes; at most limits::run_bytes_max (the caller chooses the entries so).
Bytes encode_run(const Run& run);

/// Decodes and checks everything that needs nothing but the run itself and the log's genesis.
///
/// in      at most limits::run_bytes_max bytes; not kept
/// author  the genesis author of the log, where first_seq > 1; a run that begins at 1 brings its genesis along
/// errors  over_limit, malformed, not_canonical, unknown_version, broken_chain, bad_signature
/// Not checked: place in the log held so far, rights, control position.
Result<VerifiedRun> decode_run(ByteView in, const std::optional<AuthorKey>& author);

/// What a run says first: of which log it is, and how that began. Nothing of it is checked.
struct RunHead {
  LogId log;
  std::optional<Genesis> genesis;
};
Result<RunHead> read_run_head(ByteView in);

/// The same checks on a run already decoded.
Result<VerifiedRun> verify_run(Run run, const std::optional<AuthorKey>& author);

}  // namespace kiz
