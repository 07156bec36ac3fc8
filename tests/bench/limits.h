// What this machine allows: plain programs that do one thing, or the least that one of our workloads must do, and
// nothing else. Each works on records of offers.h and returns how long n of them took. Figures of a workload are read
// beside the limit of the same run.
#pragma once

#include "tests/bench/database.h"
#include "tests/bench/harness.h"

namespace kiz::bench {

// ---- one thing
// -------------------------------------------------------------------------------------------------------

Limit limit_fdatasync(const Options&);         // overwrite 4 KiB of a file, then fdatasync
Limit limit_commit(const Options&);            // SQLite, WAL, synchronous=FULL: one row per transaction
Limit limit_bulk_rows(const Options&, Pages);  // random 16-byte key and an index, 1,000 per transaction
Limit limit_sorted_rows(const Options&);       // the same rows sorted first, the index built last
Limit limit_log_append(const Options&);        // rows with a rising key, no index
Limit limit_sign(const Options&);              // Ed25519
Limit limit_verify(const Options&);
Limit limit_hash(const Options&);        // BLAKE2b-256, bytes, in 64 KiB pieces
Limit limit_seal(const Options&);        // XChaCha20-Poly1305, bytes, in 64 KiB pieces
Limit limit_compress(const Options&);    // zstd level 1, bytes, 64 KiB of records a piece
Limit limit_round_trip(const Options&);  // one byte to and fro over loopback TCP
Limit limit_two_syncs_and_hop(
    const Options&);  // write and fdatasync, send, write and fdatasync, answer: the least a live edit costs

// ---- composites: the least a workload must do
// ------------------------------------------------------------------------

/// W1: hash and sign an entry, log row, state row with an index, one durable transaction each.
Limit limit_signed_edit(const Options&, Pages);
/// W2: decrypt a frame, check the hash chain, decode, log row, state row with an index; durable.
Limit limit_receive(const Options&, Pages);
/// W4: the same for `changes` of one field each, while n records are held: log row, one column of the state row; durable.
Limit limit_receive_changes(const Options&, std::uint64_t changes, Pages);

std::vector<Limit> all_limits(const Options&);

}  // namespace kiz::bench
