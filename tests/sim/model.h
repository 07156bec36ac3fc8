// What entries mean, written down a second time: slow, plain, and without any of the product's cells, merges or caches. It
// reads bodies and control records and says what a reader must see. What it does not know: values entered anew (`origin`).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "protocol/control_log.h"
#include "protocol/entry.h"

namespace kiz::sim {

struct ModelEntry {
  EntryHash hash;
  EntryHash before;  // zero: the first of its log
  LogId log;
  AuthorKey author;
  Seq seq = 0;
  EntryBody body;
};

/// By record and field (0: existence) what is shown, as one line of text.
using Shown = std::map<std::pair<RecordId, std::uint32_t>, std::string>;

class Model {
 public:
  Model(std::vector<ModelEntry> entries, const ControlLog& control, MemberId owner);

  Shown shown() const;
  bool applied(std::size_t entry) const { return states_[entry]; }
  /// Sentences: stamps that fall in a log, or that do not rise above what their author had seen.
  std::vector<std::string> stamps() const;

 private:
  struct Ended {
    std::uint64_t index;
    Cut cut;
  };
  struct Piece {  // an op of an applied entry
    std::size_t entry;
    std::uint32_t index;
    const Op* op;
  };

  bool is_ancestor(std::size_t earlier, std::size_t later) const;
  const Cut* newest_cut(const LogId& log, const AuthorKey& author, std::uint64_t upto) const;
  bool within(std::size_t entry, const Cut& cut) const;
  bool judge(std::size_t entry) const;
  std::vector<Head> seen_heads(std::size_t entry, const LogId& log) const;
  bool covers(std::size_t later, std::size_t earlier) const;
  bool before(const Piece& later, const Piece& earlier) const;
  bool order(const Piece& a, const Piece& b) const;  // a is lower
  std::vector<const Piece*> read(const std::vector<const Piece*>& live) const;
  std::string show_field(const RecordId& record, std::uint32_t field, const std::vector<Piece>& ops) const;
  std::string show_existence(const std::vector<Piece>& ops) const;
  CellName name(const Piece& piece) const { return {entries_[piece.entry].hash, piece.index}; }

  std::vector<ModelEntry> entries_;
  const ControlLog& control_;
  MemberId owner_;
  std::map<EntryHash, std::size_t> at_;
  std::vector<bool> states_;
  std::vector<bool> gone_;  // quarantined: counts as not held
  std::map<LogId, bool> forked_;
  mutable std::map<std::pair<std::size_t, LogId>, std::vector<Head>> seen_;
};

/// A value as text; equal texts are equal values.
std::string text_of(const Value& value);

}  // namespace kiz::sim
