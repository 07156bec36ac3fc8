// What the Kreis does with the towns' months: ask back, accept, lock, open again, and enter what came on paper. All of it
// is written in the Kreis's own space about that town; a town's space is never touched.

#include <algorithm>

#include "libclient/count_json.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/requests_count.h"
#include "libclient/translate.h"
#include "protocol/membership.h"

namespace kiz {
namespace {

using namespace request;
namespace vf = registry::fields::return_review;

struct Review {
  Town town;
  std::string month;
  counts::Month held;
  Space space;
  RecordId id;
  std::string key;
  std::optional<RecordView> record;

  const RecordView* present() const { return record ? &*record : nullptr; }
};

Review review_of(const Replica& replica, const Town& town, const std::string& month) {
  Review out{town, month, counts::load_month(replica, town.id, month), counts::space_of(replica, town.id, true), {}, {}, {}};
  const registry::Kind& kind = *registry::find_kind(registry::kinds::return_review);
  const std::vector<std::string> parts{town.id, month};
  const auto key = registry::natural_key(kind, parts);
  KIZ_ASSERT(key);  // a member's id and a month always make one
  out.key = *key;
  out.id = {kind.number, registry::natural_record_key(kind.number, out.key)};
  out.record = replica.read(out.space, out.id);
  return out;
}

/// The town and month that the arguments name, for the Kreis alone.
Or<Review> one_review(const RequestContext& context) {
  if (auto refused = need_authority(context)) return *refused;
  const std::string given = text(context.args, "member");
  if (given.empty()) return refuse(Errc::usage, tr("Which municipality?"), tr("kiz member list"));
  auto town = member(context.replica, given);
  if (!town) return town.refusal();
  auto at = month(context);
  if (!at) return at.refusal();
  return review_of(context.replica, *town, *at);
}

Json return_of(const RequestContext& context, const Review& review) {
  return counts::to_json(review.town.id, review.town.name, review.month,
                         counts::load_month(context.replica, review.town.id, review.month));
}

std::optional<Refusal> need_return(const Review& review) {
  if (month_return::handed_in(review.held.standing().state)) return std::nullopt;
  return refuse(Errc::not_found, tr("{} has not handed in {} yet. Nothing was changed.", {review.town.name, review.month}),
                tr("kiz counts missing {}", {review.month}));
}

void mark_received(Edit& edit, const Review& review, std::uint64_t now_ms) {
  open_record(edit, review.space, review.id, review.present(), review.key);
  if (!review.held.kreis || review.held.kreis->received_at_ms == 0) {
    edit.set(review.space, review.id, vf::received_at, Value{static_cast<std::int64_t>(now_ms)});
  }
}

/// count.query  {"member", "month", "text", "cells"?: ["arrived", ...]}
/// data: {"return": return}. Errors: not_permitted, not_found (nothing handed in), invalid_input (month is locked)
Answer query(RequestContext& context) {
  auto review = one_review(context);
  if (!review) return review.refusal();
  if (auto refused = need_return(*review)) return *refused;
  const month_return::Standing standing = review->held.standing();
  if (review->held.kreis && review->held.kreis->locked) {
    return refuse(Errc::invalid_input, tr("{} of {} is locked. Nothing was changed.", {review->month, review->town.name}),
                  tr("kiz counts reopen {} {} --reason ...", {review->town.name, review->month}));
  }
  month_return::Query asked{standing.revision, {}, text(context.args, "text"), {}};
  if (asked.text.empty()) return refuse(Errc::usage, tr("What is the question?"));
  for (const std::string& cell : texts(context.args, "cells")) {
    const auto key = counts::parse_cell(cell, review->town.id, review->month, tongue(context.caller));
    if (!key) return refuse(*key.wrong, context.caller);
    asked.cells.push_back(counts::spell_cell(key.value));
  }
  const registry::Kind& kind = *registry::find_kind(registry::kinds::return_review);
  const auto fits = registry::check(*registry::find_field(kind, vf::queries), Value{asked.encode()});
  if (!fits) return to_refusal(fits.error());

  Edit edit = context.replica.begin();
  mark_received(edit, *review, context.replica.now_ms());
  edit.add(review->space, review->id, vf::queries, Value{asked.encode()});
  if (auto refused = commit(context, edit)) return *refused;
  Reply reply;
  reply.data = {{"return", return_of(context, *review)}};
  return reply;
}

/// The acceptance of the newest revision, with what reports show from now on while the month is locked.
void put_acceptance(Edit& edit, const Review& review, std::uint64_t now_ms) {
  const month_return::Return& town = *review.held.town;
  mark_received(edit, review, now_ms);
  edit.set(review.space, review.id, vf::accepted_at, Value{static_cast<std::int64_t>(now_ms)});
  set_if_new(edit, review.space, review.id, review.present(), vf::accepted_revision, Value{town.revision});
  set_if_new(edit, review.space, review.id, review.present(), vf::accepted_digest, Value{to_bytes(*town.digest)});

  std::vector<counts::Count> own;
  std::copy_if(review.held.counts.begin(), review.held.counts.end(), std::back_inserter(own),
               [](const counts::Count& count) { return !count.paper; });
  const std::vector<std::string> now = counts::value_lines(own);
  const std::vector<std::string> before =
      review.held.kreis ? review.held.kreis->accepted_lines : std::vector<std::string>{};
  for (const std::string& line : before) {
    if (!std::binary_search(now.begin(), now.end(), line)) {
      edit.remove(review.space, review.id, vf::accepted_values, Value{line});
    }
  }
  for (const std::string& line : now) {
    if (!std::binary_search(before.begin(), before.end(), line)) {
      edit.add(review.space, review.id, vf::accepted_values, Value{line});
    }
  }
  if (const FieldView* queries = review.record && review.record->exists() ? review.record->field(vf::queries) : nullptr) {
    for (const CellView& cell : queries->cells) {
      if (cell.value) edit.remove(review.space, review.id, vf::queries, *cell.value);
    }
  }
}

/// Why a return cannot be accepted; nothing when it can, or is accepted already.
std::optional<Refusal> refuse_to_accept(const Review& review) {
  if (auto refused = need_return(review)) return refused;
  const month_return::Standing standing = review.held.standing();
  if (standing.conflict) {
    return refuse(Errc::conflict_open,
                  tr("{} of {}: two numbers stand side by side, which only {3} can settle. Nothing was changed.",
                     {review.month, review.town.name, review.town.name}));
  }
  if (standing.changed_since) {
    return refuse(Errc::invalid_input,
                  tr("{} has changed its numbers since it handed in {}, and has not closed the month again. Nothing was "
                     "changed.",
                     {review.town.name, review.month}));
  }
  return std::nullopt;
}

bool accepted_already(const Review& review) {
  const auto state = review.held.standing().state;
  return state == month_return::State::accepted || state == month_return::State::locked;
}

/// Several towns at once: what cannot be done for one is a warning, not an end.
template <class Step>
Answer for_towns(RequestContext& context, Step step) {
  if (auto refused = need_authority(context)) return *refused;
  const std::string given = text(context.args, "member");
  Edit edit = context.replica.begin();
  std::vector<Review> touched;
  Reply reply;
  if (!given.empty() && given != "alle" && given != "all") {
    auto review = one_review(context);
    if (!review) return review.refusal();
    if (auto refused = step(edit, *review)) return *refused;
    touched.push_back(std::move(*review));
  } else {
    auto at = month(context);
    if (!at) return at.refusal();
    for (const Town& town : towns(context.replica)) {
      Review review = review_of(context.replica, town, *at);
      if (auto refused = step(edit, review)) {
        reply.warnings.push_back({"W_SKIPPED", refused->text});
        reply.exit = 3;
        continue;
      }
      touched.push_back(std::move(review));
    }
  }
  const bool changed = !edit.empty();
  if (auto refused = commit(context, edit)) return *refused;
  reply.data = {{"changed", changed}, {"returns", Json::array()}};
  for (const Review& review : touched) reply.data["returns"].push_back(return_of(context, review));
  return reply;
}

/// count.accept  {"month", "member"?}   no member, or "alle": every return that is handed in
/// data: {"changed", "returns": [return]}. Errors: not_permitted, not_found, conflict_open, invalid_input; with several
/// towns these are warnings W_SKIPPED (exit 3).
Answer accept(RequestContext& context) {
  return for_towns(context, [&](Edit& edit, const Review& review) -> std::optional<Refusal> {
    if (auto refused = refuse_to_accept(review)) return refused;
    if (!accepted_already(review)) put_acceptance(edit, review, context.replica.now_ms());
    return std::nullopt;
  });
}

/// count.lock  {"month", "member"?}   data and errors as count.accept; only what is accepted can be locked
Answer lock(RequestContext& context) {
  return for_towns(context, [&](Edit& edit, const Review& review) -> std::optional<Refusal> {
    if (review.held.kreis && review.held.kreis->locked) return std::nullopt;
    if (auto refused = need_return(review)) return refused;
    if (!accepted_already(review)) {
      return refuse(Errc::invalid_input,
                    tr("{} of {} is not accepted yet. Nothing was changed.", {review.month, review.town.name}),
                    tr("kiz counts accept {} {}", {review.town.name, review.month}));
    }
    edit.set(review.space, review.id, vf::locked, Value{std::int64_t{1}});
    return std::nullopt;
  });
}

/// count.reopen  {"month", "member", "reason"}   data: {"return": return}
Answer reopen(RequestContext& context) {
  auto review = one_review(context);
  if (!review) return review.refusal();
  const std::string reason = text(context.args, "reason");
  if (reason.empty()) return refuse(Errc::usage, tr("Why is the month opened again? A reason is needed."), tr("--reason TEXT"));
  const registry::Kind& kind = *registry::find_kind(registry::kinds::return_review);
  const auto fits = registry::check(*registry::find_field(kind, vf::reopened_reason), Value{reason});
  if (!fits) return to_refusal(fits.error());
  if (!review->held.kreis || !review->held.kreis->locked) {
    return refuse(Errc::invalid_input, tr("{} of {} is not locked. Nothing was changed.", {review->month, review->town.name}));
  }
  Edit edit = context.replica.begin();
  edit.set(review->space, review->id, vf::locked, Value{std::int64_t{0}});
  edit.set(review->space, review->id, vf::reopened_reason, Value{reason});
  if (auto refused = commit(context, edit)) return *refused;
  Reply reply;
  reply.data = {{"return", return_of(context, *review)}};
  return reply;
}

/// count.paper  {"member", "month", "cells": [...], "stock_day"?, "scope_note"?, "note"?, "parent"?}
/// Numbers of a town that does not take part, as count.enter; the town's own replace them measure by measure.
Answer paper(RequestContext& context) {
  auto review = one_review(context);
  if (!review) return review.refusal();
  if (review->town.id == context.replica.identity().member) {
    return refuse(Errc::usage, tr("These are your own numbers. Nothing was changed."), tr("kiz counts enter"));
  }
  return enter_numbers(context, review->town.id, true);
}

}  // namespace

std::vector<RequestKind> count_requests_of_kreis() {
  return {{"count.query", LocalRole::edit, query},   {"count.accept", LocalRole::edit, accept},
          {"count.lock", LocalRole::edit, lock},     {"count.reopen", LocalRole::edit, reopen},
          {"count.paper", LocalRole::edit, paper}};
}

}  // namespace kiz
