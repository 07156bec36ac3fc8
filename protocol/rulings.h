// What the merge needs to know of the control log, and nothing more. Rules: SPEC.md "Control log". The control log
// implements it (rights.h); of the control log itself the merge knows nothing but the shape of a cut.
//
// A control position is turned into an index: the number of control records in force up to it. Positions on a branch of
// the control log that an epoch has closed have the index of the common prefix.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "kiz/ids.h"
#include "protocol/control_log.h"
#include "protocol/operation.h"

namespace kiz {

/// A cut with the index of its control record.
struct RuledCut {
  std::uint64_t index = 0;  // from 1
  bool ends_log = true;     // false: it only limits a right (a withdrawal), but it names an entry all the same
  Cut cut;
};

/// An entry as the rules about rights see it.
class RuledEntry {
 public:
  virtual ~RuledEntry() = default;
  virtual const LogId& log() const = 0;
  virtual const AuthorKey& author() const = 0;
  virtual Seq seq() const = 0;
  virtual std::uint64_t index() const = 0;  // of the control position that it cites
  /// True if the entry is the cut's head or an ancestor of it; while the head is not held, the seq decides.
  virtual bool within(const Cut& cut) const = 0;
};

/// The held prefix of the control log. All answers are a pure function of that prefix.
class Rulings {
 public:
  virtual ~Rulings() = default;

  /// Index of the newest record held.
  virtual std::uint64_t newest() const = 0;
  /// Empty when this position is not held: an entry that cites it waits.
  virtual std::optional<std::uint64_t> index_of(const ControlPosition& position) const = 0;
  /// Every cut that concerns this log, ascending by index: those that name it, and a cut at 0 for each revocation of
  /// `author` that does not. Within one record the cut that names the log comes last.
  virtual void cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const = 0;
  /// True if the author had the right for every one of these ops, as the whole prefix sees it now. Notes need none.
  virtual bool permits(const RuledEntry& entry, std::span<const Op> ops) const = 0;
  /// Index of the newest record that may change what permits() said before of an entry of this author; 0 = none.
  virtual std::uint64_t rights_changed(const AuthorKey& author) const = 0;
};

}  // namespace kiz
