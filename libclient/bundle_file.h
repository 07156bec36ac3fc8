// Bundles: what a replica puts into a sealed file for others, and how it takes such a file in. Rules: SPEC.md §12.
// The bytes: protocol/bundle.h. What is read goes the way of a session: ReplicaCore::ingest_control and ingest.
//
// A bundle is cumulative: it builds on what its recipients have said they hold (in their own bundles, in sessions), so a
// stick that was lost costs nothing. Where nothing ever comes back, `since_last` builds on the bundle written before; the
// file names it, and a reader who lacks it is told which to read first.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "libclient/replica_core.h"
#include "protocol/bundle.h"

namespace kiz {

/// A file that can be read twice; in pieces, so that its size costs no memory.
class BundleInput {
 public:
  virtual ~BundleInput() = default;
  /// Fills `into` from where the last call ended; less than its size only at the end. errors: io_error
  virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
  virtual Result<void> rewind() = 0;
};

/// A regular file. Opened so that a FIFO, a device or a link neither blocks nor is followed.
/// errors: not_found, invalid_input (with a sentence: what it is instead), over_limit, io_error
Result<std::unique_ptr<BundleInput>> open_bundle_file(const std::string& path);
/// Bytes in memory.
std::unique_ptr<BundleInput> bundle_in_memory(Bytes bytes);

struct BundleOrder {
  std::vector<TransportKey> recipients;
  bool whole = false;       // builds on nothing
  bool since_last = false;  // builds on the bundle written before, read or not
};

struct BundleWritten {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::uint64_t control_records = 0;
  std::uint64_t runs = 0;
  std::uint64_t entries = 0;
  std::uint64_t spaces = 0;
  std::uint64_t spaces_left_out = 0;  // readable by some of the recipients, not by all
  std::uint64_t builds_on = 0;
};

using BundleSink = std::function<Result<void>(ByteView)>;

/// Writes a bundle piece by piece. What all recipients may read goes in.
/// errors: not_set_up; not_found (a recipient that is no member's device, or locked out); over_limit (recipients); those of
///         `sink`; no_space, io_error
Result<BundleWritten> write_bundle(ReplicaCore& core, const BundleOrder& order, const BundleSink& sink);

/// What a bundle says and holds, all of it verified.
struct BundleSummary {
  BundleKind kind = BundleKind::exchange;
  std::uint64_t bytes = 0;
  BundleOpening opening;  // exchange
  MemberId member;        // the sender's; of a join bundle the invited one
  std::string device;
  std::uint64_t control_records = 0;
  std::uint64_t runs = 0;
  std::uint64_t entries = 0;
  std::vector<LogId> missing;    // logs that go on behind something not held here: another bundle comes first
  bool control_missing = false;  // the same of the control log
  bool control_forked = false;   // the sender's control log differs from ours in the same epoch
  bool seen_before = false;      // this one, or a later one of its sender, was read here already
};

/// Reads all of it and verifies seal, form, signatures, chains and commitments. Changes nothing.
/// errors: those of BundleReader; wrong_key (sealed for others); foreign_realm; unknown_log (the sender is no member's device); revoked;
///         bad_signature, broken_chain (a run that its author did not write); not_set_up
Result<BundleSummary> check_bundle(ReplicaCore& core, BundleInput& file);

struct BundleTaken {
  BundleSummary summary;
  std::uint64_t control_new = 0;
  std::uint64_t entries_new = 0;
  std::uint64_t runs_refused = 0;  // no right, unknown author: judged by the control log after this bundle's part of it
  Errc refused = Errc::ok;         // the first such reason
  bool joined = false;             // the membership of this device came with it
  bool own_tail_lost = false;      // it shows entries of this device that are not here: the next edit begins a new log
  std::uint64_t states_mended = 0;  // spaces whose records were wrong here and were evaluated anew
  std::uint64_t states_differ = 0;  // spaces of which the sender, holding the same, sees another state even so: an alarm
  std::uint64_t heads_unheld = 0;  // entries proven to exist that neither this bundle nor the store has
};

/// check_bundle, then takes it in; a bundle that check_bundle refuses changes nothing. Reading it again changes nothing
/// either; after a crash in between it is simply read again.
Result<BundleTaken> read_bundle(ReplicaCore& core, BundleInput& file);

// ---- enrolment by file

/// This device's answer to the invite that it was made with (prepare_join), for the Kreis alone.
/// errors: already_set_up (it has joined, or there is no invite)
Result<Bytes> write_join_answer(ReplicaCore& core);

struct JoinTaken {
  MemberId member;
  AuthorKey author;
  TransportKey transport;
  std::string device;
  bool repeated = false;  // the same answer was read before; nothing has changed
};

/// The Kreis: admits the device that wrote this answer. An invite that needs a confirmation is refused here: two screens
/// cannot be compared through a file.
/// errors: those of BundleReader; not_permitted (not the authority's node, or confirmation wanted); invite_unknown,
///         invite_used, invite_expired, invite_void, wrong_check (counted: the fifth voids the invite); bad_signature
Result<JoinTaken> read_join_answer(ReplicaCore& core, BundleInput& file);

}  // namespace kiz
