// Takes an arriving entry into the books: where it stands in its log, what it lists, and for which other entries that may
// change the answer to "who had seen what" or "what holds". Rules: SPEC.md "Merge".
#pragma once

#include <vector>

#include "protocol/history.h"
#include "protocol/log_source.h"

namespace kiz {

/// A verified entry on its way into a space. Signature, hash and links have been checked; see decode_run.
struct Arrival {
  const LogId& log;
  const AuthorKey& author;  // of the log's genesis
  Seq seq = 0;
  const EntryHash& backlink;  // seq 1: not looked at
  const EntryHash& hash;
  const EntryBody& body;
  const Bytes* packed = nullptr;  // the body as the store keeps it, where that has been made already
};

/// What the arrival has changed.
struct Intake {
  EntryMeta meta;
  bool was_held = false;       // nothing has changed
  bool may_be_covered = false;  // an applied entry may have it before it, or name a cell of it: apply_fresh does not do
  std::vector<LogRef> shaken;    // logs of which other entries may be judged, or covered, in another way now
  std::vector<LogRef> recut;     // logs of which a cut names this entry: the rights of their entries are to be judged anew
};

/// Stores the entry and its index rows and brings the books of all logs concerned up to date.
/// errors: gap (the entry before is not held in this log), broken_chain (its seq does not follow from that)
Result<Intake> take_in(LogStore& logs, const History& history, const Arrival& arrival);

/// True if quarantine in another log may change what is known of this one: whether it shows a fork, what heads cover.
bool rests_on_others(const History& history, LogRef ref);

}  // namespace kiz
