// Counts, returns and reviews of a replica, put together by town; and numbers put into an edit.
//
// A record is taken only from the space of the member it speaks of: a town that writes a neighbour's AGS into its own
// space is not heard. Reviews and paper are the Kreis's, in its space about that town.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kiz/replica.h"
#include "libclient/count_entry.h"
#include "libclient/counts.h"
#include "libclient/month_return.h"

namespace kiz::counts {

/// One town and period.
struct Month {
  std::vector<Count> counts;  // own and on paper; replaced ones are marked
  std::optional<month_return::Return> town;
  std::optional<month_return::Review> kreis;

  month_return::Standing standing() const;
  std::vector<Count> reported() const;
};
using Months = std::map<std::pair<MemberId, std::string>, Month>;  // by town and period

/// What to read; empty parts mean all.
struct Wanted {
  std::optional<MemberId> member;
  std::optional<std::string> first, last;  // periods, inclusive, in text order
};
Months load(const Replica& replica, const Wanted& wanted);
/// One of them; empty when nothing is held.
Month load_month(const Replica& replica, const MemberId& member, const std::string& month);

/// Where numbers about this member are written: its own space, or the Kreis's space about it for paper.
Space space_of(const Replica& replica, const MemberId& member, bool paper);

/// Further fields of a count as entered; empty ones are left as they are.
struct Extras {
  std::string stock_day, scope_note, note, parent;
};

/// What putting a number into an edit did.
struct Put {
  bool changed = false;
  bool settled = false;  // two numbers stood side by side; the person's takes their place
};
/// A person's number: it replaces whatever is visible.
Result<Put> put(Edit& edit, const Replica& replica, const Entered& entered, const Extras& extras, bool paper);

/// Strokes for or off a tally. errors: invalid_input when the cell is counted, or fewer than none would be left
Result<void> put_strokes(Edit& edit, const Replica& replica, const Key& key, std::int64_t by);

}  // namespace kiz::counts
