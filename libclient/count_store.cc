#include "libclient/count_store.h"

#include <algorithm>

#include "libclient/months.h"
#include "libclient/request_support.h"
#include "protocol/membership.h"

namespace kiz::counts {
namespace {

namespace f = registry::fields::count;
namespace kinds = registry::kinds;

bool wanted_here(const Wanted& wanted, const std::string& ags, const std::string& period) {
  return (!wanted.member || *wanted.member == ags) && (!wanted.first || period >= *wanted.first) &&
         (!wanted.last || period <= *wanted.last);
}

/// The member that a record in this space may speak of.
const MemberId& subject_of(const Space& space, std::uint32_t kind) {
  return kind == kinds::paper_return || kind == kinds::return_review ? space.counterpart : space.owner;
}

bool in_place(const Space& space, std::uint32_t kind, const std::string& ags, const MemberId& authority) {
  const bool of_kreis = kind == kinds::paper_return || kind == kinds::return_review;
  return subject_of(space, kind) == ags && (!of_kreis || space.owner == authority);
}

void set_text(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, std::uint32_t field,
              const std::string& text, bool& changed) {
  if (!text.empty()) changed = request::set_if_new(edit, space, id, present, field, Value{text}) || changed;
}

}  // namespace

month_return::Standing Month::standing() const {
  return month_return::standing(town ? &*town : nullptr, kreis ? &*kreis : nullptr, counts);
}

std::vector<Count> Month::reported() const { return month_return::reported_counts(kreis ? &*kreis : nullptr, counts); }

Months load(const Replica& replica, const Wanted& wanted) {
  Months out;
  const MemberId authority = replica.membership().authority();
  ScanRange own, about;  // where records on one member can be
  if (wanted.member) {
    own.space = space_of(replica, *wanted.member, false);
    about.space = space_of(replica, *wanted.member, true);
  }
  for (const std::uint32_t kind : {kinds::count, kinds::paper_return}) {
    replica.scan(kind, [&](const RecordView& record) {
      auto count = read(record);
      if (count && in_place(record.space, kind, count->key.ags, authority) &&
          wanted_here(wanted, count->key.ags, count->key.period)) {
        out[{count->key.ags, count->key.period}].counts.push_back(std::move(*count));
      }
      return true;
    }, kind == kinds::count ? own : about);
  }
  replica.scan(kinds::month_return, [&](const RecordView& record) {
    auto town = month_return::read_return(record);
    if (town && in_place(record.space, kinds::month_return, town->ags, authority) &&
        wanted_here(wanted, town->ags, town->month)) {
      out[{town->ags, town->month}].town = std::move(town);
    }
    return true;
  }, own);
  replica.scan(kinds::return_review, [&](const RecordView& record) {
    auto kreis = month_return::read_review(record);
    if (kreis && in_place(record.space, kinds::return_review, kreis->ags, authority) &&
        wanted_here(wanted, kreis->ags, kreis->month)) {
      out[{kreis->ags, kreis->month}].kreis = std::move(kreis);
    }
    return true;
  }, about);
  for (auto& [at, month] : out) mark_replaced(month.counts);
  return out;
}

Month load_month(const Replica& replica, const MemberId& member, const std::string& month) {
  Months all = load(replica, {member, month, month});
  return all.empty() ? Month{} : std::move(all.begin()->second);
}

Space space_of(const Replica& replica, const MemberId& member, bool paper) {
  if (!paper) return replica.space(member, Collection::counts);
  return replica.space(replica.membership().authority(), Collection::counts, member);
}

Result<Put> put(Edit& edit, const Replica& replica, const Entered& entered, const Extras& extras, bool paper) {
  const auto id = record_of(entered.key, paper ? kinds::paper_return : kinds::count);
  if (!id) return id.error();
  const Space space = space_of(replica, entered.key.ags, paper);
  const auto record = replica.read(space, *id);
  const RecordView* present = record ? &*record : nullptr;
  const auto before = record ? read(*record) : std::nullopt;

  Put out;
  const bool same = before && (entered.unknown ? before->reading == Reading::unknown
                                               : before->stated() && !before->tally && before->value == entered.value);
  if (!same) {
    const auto key = key_text(entered.key);
    request::open_record(edit, space, *id, present, *key);
    out.changed = true;
    out.settled = before && before->reading == Reading::disputed;
    const bool has_value = present != nullptr && present->exists() && present->field(f::value) != nullptr &&
                           !present->field(f::value)->cells.empty();
    if (!entered.unknown) {
      edit.set(space, *id, f::value, Value{*entered.value});
    } else if (has_value) {
      edit.set(space, *id, f::value, Null{});
    }
    const FieldView* tally = present != nullptr && present->exists() ? present->field(f::tally) : nullptr;
    if (tally != nullptr && tally->sum != 0) edit.add(space, *id, f::tally, Value{-tally->sum});
    const bool marked = present != nullptr && present->exists() && present->number(f::unknown).value_or(0) != 0;
    if (marked != entered.unknown) edit.set(space, *id, f::unknown, Value{std::int64_t{entered.unknown}});
  }
  set_text(edit, space, *id, present, f::stock_day, extras.stock_day, out.changed);
  set_text(edit, space, *id, present, f::scope_note, extras.scope_note, out.changed);
  set_text(edit, space, *id, present, f::note, extras.note, out.changed);
  set_text(edit, space, *id, present, f::parent, extras.parent, out.changed);
  return out;
}

Result<void> put_strokes(Edit& edit, const Replica& replica, const Key& key, std::int64_t by) {
  const auto id = record_of(key);
  if (!id) return id.error();
  const Space space = space_of(replica, key.ags, false);
  const auto record = replica.read(space, *id);
  const auto before = record ? read(*record) : std::nullopt;
  const bool exists = record && record->exists();
  const FieldView* tally = exists ? record->field(f::tally) : nullptr;
  const bool counted = before && std::any_of(before->candidates.begin(), before->candidates.end(),
                                             [](const Candidate& candidate) { return !candidate.tally; });
  if (counted) return Error{Errc::invalid_input, "counted"};
  std::int64_t sum = tally != nullptr ? tally->sum : 0;
  if (__builtin_add_overflow(sum, by, &sum) || sum < 0) return Error{Errc::invalid_input, "below_none"};
  const auto text = key_text(key);
  request::open_record(edit, space, *id, record ? &*record : nullptr, *text);
  edit.add(space, *id, f::tally, Value{by});
  if (exists && record->number(f::unknown).value_or(0) != 0) edit.set(space, *id, f::unknown, Value{std::int64_t{0}});
  return {};
}

}  // namespace kiz::counts
