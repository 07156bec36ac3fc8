// What an office does with its own numbers: enter, tally, look, close its month. The Kreis's side: requests_count_kreis.cc;
// tables: requests_count_table.cc.

#include "libclient/requests_count.h"

#include <algorithm>

#include "libclient/count_json.h"
#include "libclient/dates.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"
#include "protocol/membership.h"

namespace kiz {
namespace request {
namespace {
std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}
}  // namespace

Or<std::string> period(const RequestContext& context) {
  const std::string given = text(context.args, "month");
  std::string read = dates::read_month(given);
  if (!read.empty() || given.empty()) return month(context);
  read = dates::read_period(given);
  if (read.empty()) return month(context);  // says what a month looks like
  if (months::is_future(read.substr(0, 4), context.replica.now_ms())) {
    return refuse(Complaint{Complaint::Code::future_month, tr("month"), read}, context.caller);
  }
  return read;
}

Or<Scope> scope_of(const RequestContext& context) {
  const std::string year = text(context.args, "year");
  if (!year.empty()) {
    const std::string read = dates::read_period(year);
    const auto span = months::year(read);
    if (!span) return refuse(Complaint{Complaint::Code::bad_period, tr("year"), year}, context.caller);
    return Scope{span->first, span->last, read};
  }
  const std::string given = text(context.args, "month");
  if (!given.empty() && dates::read_month(given).empty()) {
    const std::string read = dates::read_period(given);
    if (const auto span = months::year(read)) return Scope{span->first, span->last, read};
  }
  auto at = month(context, months::month_of(context.replica.now_ms()));
  if (!at) return at.refusal();
  return Scope{*at, *at, *at};
}

Or<counts::Extras> extras(const RequestContext& context) {
  counts::Extras out;
  auto stock_day = day(context, "stock_day");
  if (!stock_day) return stock_day.refusal();
  out.stock_day = *stock_day;
  out.scope_note = text(context.args, "scope_note");
  out.note = text(context.args, "note");
  out.parent = text(context.args, "parent");
  const registry::Kind& kind = *registry::find_kind(registry::kinds::count);
  for (const auto& [field, value] : {std::pair{registry::fields::count::scope_note, &out.scope_note},
                                     std::pair{registry::fields::count::note, &out.note},
                                     std::pair{registry::fields::count::parent, &out.parent}}) {
    const auto fits = registry::check(*registry::find_field(kind, field), Value{*value});
    if (!fits) return to_refusal(fits.error());
  }
  return out;
}

Or<std::vector<counts::Entered>> entries(const RequestContext& context, const MemberId& ags, const std::string& at) {
  std::vector<counts::Entered> out;
  for (const std::string& cell : texts(context.args, "cells")) {
    auto read = counts::parse_entry(cell, ags, at, tongue(context.caller));
    if (!read) return refuse(*read.wrong, context.caller);
    const bool twice = std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.key == read.value.key; });
    if (twice) return refuse(Errc::usage, tr("{} is named twice. Nothing was changed.", {counts::spell_cell(read.value.key)}));
    out.push_back(std::move(read.value));
  }
  if (out.empty()) return refuse(Errc::usage, tr("No number is given."), tr("kiz counts enter 2026-10 arrived=6"));
  return out;
}

void warn_locked(Reply& reply, const counts::Month& held, const std::string& at) {
  if (!held.kreis || !held.kreis->locked) return;
  reply.warnings.push_back({"W_MONTH_LOCKED", tr("{} is locked by the Kreis. What you entered is kept; reports show it once "
                                                 "you have closed the month again and the Kreis has accepted it.",
                                                 {at})});
  reply.exit = 3;
}

namespace {

/// A remark is no place for names: it is read by others, and counts of few people become theirs.
void warn_names(Reply& reply, const counts::Extras& extras) {
  for (const char* word : {"herr ", "frau ", "familie ", "fam. ", "geb. ", "mr ", "mrs ", "ms "}) {
    const auto has = [&](const std::string& text) { return (" " + lower(text)).find(std::string(" ") + word) != std::string::npos; };
    if (!has(extras.note) && !has(extras.scope_note)) continue;
    reply.warnings.push_back({"W_PERSONAL", tr("The remark seems to name a person. It is better without: change it with --note.")});
    return;
  }
}

void warn_remarks(Reply& reply, const RequestContext& context, const MemberId& member, const std::string& at) {
  if (!months::is_month(at)) return;
  std::vector<counts::Count> year;
  for (auto& [key, held] : counts::load(context.replica, {member, months::plus(at, -12), at})) {
    std::move(held.counts.begin(), held.counts.end(), std::back_inserter(year));
  }
  for (const counts::Remark& remark : counts::plausibility(year, at)) {
    reply.warnings.push_back(counts::to_warning(remark, german(context.caller)));
  }
}

}  // namespace

/// Enters numbers for a member, on paper or its own; the reply of both requests.
Answer enter_numbers(RequestContext& context, const MemberId& member, bool paper) {
  auto at = period(context);
  if (!at) return at.refusal();
  auto further = extras(context);
  if (!further) return further.refusal();
  auto entered = entries(context, member, *at);
  if (!entered) return entered.refusal();

  Reply reply;
  Edit edit = context.replica.begin();
  std::size_t changed = 0;
  for (const counts::Entered& one : *entered) {
    const auto put = counts::put(edit, context.replica, one, *further, paper);
    if (!put) return to_refusal(put.error());
    changed += put->changed ? 1U : 0U;
    if (put->settled) {
      reply.warnings.push_back({"W_CONFLICT_SETTLED", tr("{}: two numbers stood side by side; yours takes their place.",
                                                         {counts::describe(one.key, german(context.caller))})});
    }
  }
  if (auto refused = commit(context, edit)) return *refused;

  const counts::Month held = counts::load_month(context.replica, member, *at);
  Json cells = Json::array();
  for (const counts::Entered& one : *entered) {
    const auto id = counts::record_of(one.key, paper ? registry::kinds::paper_return : registry::kinds::count);
    const auto shown = std::find_if(held.counts.begin(), held.counts.end(), [&](const auto& c) { return c.id == *id; });
    if (shown == held.counts.end()) continue;  // a dry run has not made it
    cells.push_back(counts::to_json(context.replica, *shown, german(context.caller)));
    cells.back()["ref"] = references::short_of(context.replica, *id);
  }
  reply.data = {{"month", *at}, {"changed", changed}, {"counts", std::move(cells)}};
  if (months::is_month(*at)) {
    reply.data["return"] = counts::to_json(member, member_name(context.replica, member), *at, held);
  }
  if (!paper) warn_locked(reply, held, *at);
  warn_names(reply, *further);
  warn_remarks(reply, context, member, *at);
  return reply;
}

}  // namespace request

namespace {

using namespace request;
namespace rf = registry::fields::month_return;

/// count.enter  {"month", "cells": ["arrived:school_type=grundschule=6", "placed=?", ...], "stock_day"?, "scope_note"?,
///               "note"?, "parent"?}
/// month may also be a year or a school year. data: {"month", "changed", "counts": [count + "ref"], "return"?: return}
/// Errors: usage, invalid_input. Warnings: W_CONFLICT_SETTLED, W_MONTH_LOCKED (exit 3), W_PERSONAL, and the remarks of
/// count_json.h.
Answer enter(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  return enter_numbers(context, context.replica.identity().member, false);
}

/// count.tally  {"month", "cell": "counselled:sex=w", "by": 1}   by may be negative; absent: 1
/// data: {"month", "counts": [count + "ref"], "return"?: return}
Answer tally(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto at = period(context);
  if (!at) return at.refusal();
  const MemberId member = context.replica.identity().member;
  const auto key = counts::parse_cell(text(context.args, "cell"), member, *at, tongue(context.caller));
  if (!key) return refuse(*key.wrong, context.caller);
  const std::int64_t by = context.args.value("by", std::int64_t{1});
  if (by == 0 || by > 1'000'000 || by < -1'000'000) {
    return refuse(Errc::invalid_input, tr("A tally takes strokes such as +1 or -2. Nothing was changed."));
  }
  Edit edit = context.replica.begin();
  const auto put = counts::put_strokes(edit, context.replica, key.value, by);
  if (!put && put.error().context == "counted") {
    return refuse(Errc::invalid_input,
                  tr("{} holds a number that was counted, so strokes cannot be added. Nothing was changed.",
                     {counts::describe(key.value, german(context.caller))}),
                  tr("kiz counts enter"));
  }
  if (!put && put.error().context == "below_none") {
    return refuse(Errc::invalid_input, tr("So many strokes are not there to take away. Nothing was changed."));
  }
  if (!put) return to_refusal(put.error());
  if (auto refused = commit(context, edit)) return *refused;

  Reply reply;
  const counts::Month held = counts::load_month(context.replica, member, *at);
  reply.data = {{"month", *at}, {"counts", Json::array()}};
  const auto id = counts::record_of(key.value);
  for (const counts::Count& count : held.counts) {
    if (count.id != *id) continue;
    reply.data["counts"].push_back(counts::to_json(context.replica, count, german(context.caller)));
    reply.data["counts"].back()["ref"] = references::short_of(context.replica, *id);
  }
  if (months::is_month(*at)) {
    reply.data["return"] = counts::to_json(member, member_name(context.replica, member), *at, held);
  }
  warn_locked(reply, held, *at);
  return reply;
}

/// Whose numbers: the one named, else all that are held for the Kreis and one's own for a town.
Or<std::vector<Town>> towns_of(const RequestContext& context) {
  const std::string given = text(context.args, "member");
  const Identity self = context.replica.identity();
  const bool all = given == "alle" || given == "all";
  if (!given.empty() && !all) {
    auto one = member(context.replica, given);
    if (!one) return one.refusal();
    return std::vector<Town>{*one};
  }
  if (self.member != context.replica.membership().authority()) return std::vector<Town>{{self.member, self.member_name}};
  auto out = towns(context.replica);
  const bool listed = std::any_of(out.begin(), out.end(), [&](const Town& town) { return town.id == self.member; });
  if (!listed) out.insert(out.begin(), {self.member, self.member_name});
  return out;
}

/// count.show  {"month"? | "year"?, "member"?, "measure"?}   default: the present month; the Kreis sees all members
/// data: {"period", "first", "last", "counts": [count], "totals": [total], "totals_of_year": [total], "returns": [return]}
/// totals are over the months of the period; totals_of_year over numbers that were entered for the year as a whole.
Answer show(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto scope = scope_of(context);
  if (!scope) return scope.refusal();
  auto whose = towns_of(context);
  if (!whose) return whose.refusal();
  std::string measure = text(context.args, "measure");
  if (!measure.empty()) {
    const auto key = counts::parse_cell(measure, "x", "x", tongue(context.caller));
    if (!key) return refuse(*key.wrong, context.caller);
    measure = key.value.measure;
  }

  std::vector<counts::Count> monthly, yearly;
  Json list = Json::array(), returns = Json::array();
  const counts::Months held = counts::load(context.replica, {});
  for (const Town& town : *whose) {
    for (auto at = held.lower_bound({town.id, ""}); at != held.end() && at->first.first == town.id; ++at) {
      const std::string& period = at->first.second;
      const bool in_months = months::is_month(period) && period >= scope->first && period <= scope->last;
      if (!in_months && period != scope->name) continue;
      for (const counts::Count& count : at->second.counts) {
        if (!measure.empty() && count.key.measure != measure) continue;
        (in_months ? monthly : yearly).push_back(count);
        list.push_back(counts::to_json(context.replica, count, german(context.caller)));
      }
    }
    if (scope->first != scope->last) continue;
    const auto at = held.find({town.id, scope->first});
    const bool expected = town.id != context.replica.membership().authority() || at != held.end();
    if (expected) {
      returns.push_back(counts::to_json(town.id, town.name, scope->first, at == held.end() ? counts::Month{} : at->second));
    }
  }
  const auto sums = [&](const std::vector<counts::Count>& of) {
    Json out = Json::array();
    for (const counts::Total& total : counts::totals(of)) out.push_back(counts::to_json(total, german(context.caller)));
    return out;
  };
  Reply reply;
  reply.data = {{"period", scope->name},       {"first", scope->first},           {"last", scope->last},
                {"counts", std::move(list)},   {"totals", sums(monthly)},         {"totals_of_year", sums(yearly)},
                {"returns", std::move(returns)}};
  return reply;
}

/// count.missing  {"month"?}   default: the month before this one, which is the one due
/// data: {"month", "expected", "handed_in", "missing": [return], "cells": ["arrived:school_type=kita", ...]}
/// missing: members that have not handed in, also those never heard of; a town sees itself. cells: what this member stated
/// the month before and not in this one.
Answer missing(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto at = month(context, months::plus(months::month_of(context.replica.now_ms()), -1));
  if (!at) return at.refusal();
  const Identity self = context.replica.identity();
  const bool kreis = self.member == context.replica.membership().authority();
  const counts::Months held = counts::load(context.replica, {{}, months::plus(*at, -1), *at});
  const auto month_of = [&](const MemberId& id, const std::string& period) {
    const auto found = held.find({id, period});
    return found == held.end() ? counts::Month{} : found->second;
  };

  Json list = Json::array();
  std::size_t expected = 0;
  for (const Town& town : kreis ? towns(context.replica) : std::vector<Town>{{self.member, self.member_name}}) {
    const counts::Month now = month_of(town.id, *at);
    ++expected;
    if (!month_return::handed_in(now.standing().state)) list.push_back(counts::to_json(town.id, town.name, *at, now));
  }
  Json cells = Json::array();
  const counts::Month now = month_of(self.member, *at), before = month_of(self.member, months::plus(*at, -1));
  for (const counts::Count& count : before.counts) {
    if (count.paper || count.reading == counts::Reading::empty) continue;
    counts::Key key = count.key;
    key.period = *at;
    const bool there = std::any_of(now.counts.begin(), now.counts.end(), [&](const counts::Count& other) {
      return other.key == key && !other.paper && other.reading != counts::Reading::empty;
    });
    if (!there) cells.push_back(counts::spell_cell(key));
  }
  const std::size_t open = list.size();
  Reply reply;
  reply.data = {{"month", *at},
                {"expected", expected},
                {"handed_in", expected - open},
                {"missing", std::move(list)},
                {"cells", std::move(cells)}};
  return reply;
}

std::optional<Refusal> refuse_to_close(const RequestContext& context, const counts::Month& held, const std::string& at) {
  bool any = false;
  for (const counts::Count& count : held.counts) {
    if (count.paper) continue;
    any = any || count.reading != counts::Reading::empty;
    if (count.reading == counts::Reading::disputed) {
      return refuse(Errc::conflict_open,
                    tr("{} in {}: two numbers stand side by side. Settle that first; nothing was changed.",
                       {counts::describe(count.key, german(context.caller)), at}),
                    conflict_hint(context.replica, count.space, count.id));
    }
  }
  if (any) return std::nullopt;
  return refuse(Errc::invalid_input, tr("No number was entered for {}; if there was nothing to count, enter 0.", {at}),
                tr("kiz counts enter {} arrived=0", {at}));
}

void put_sections(Edit& edit, const Space& space, const RecordId& id, const counts::Month& held) {
  std::vector<std::string> sections;
  for (const counts::Count& count : held.counts) {
    if (!count.paper && count.reading != counts::Reading::empty) sections.push_back(count.key.measure);
  }
  std::sort(sections.begin(), sections.end());
  sections.erase(std::unique(sections.begin(), sections.end()), sections.end());
  const std::vector<std::string> before = held.town ? held.town->complete : std::vector<std::string>{};
  for (const std::string& section : sections) {
    if (!std::binary_search(before.begin(), before.end(), section)) edit.add(space, id, rf::complete, Value{section});
  }
  for (const std::string& section : before) {
    if (!std::binary_search(sections.begin(), sections.end(), section)) edit.remove(space, id, rf::complete, Value{section});
  }
}

/// count.close  {"month", "explanation"?}   hands the month in; again after changes as the next revision
/// data: {"changed", "ref", "id", "return": return}
/// Errors: conflict_open (a number is disputed), invalid_input (nothing was entered).
/// Warnings: W_MONTH_NOT_OVER, W_MONTH_LOCKED (exit 3), the remarks of count_json.h.
Answer close(RequestContext& context) {
  if (auto refused = need_member(context)) return *refused;
  auto at = month(context);
  if (!at) return at.refusal();
  const MemberId member = context.replica.identity().member;
  counts::Month held = counts::load_month(context.replica, member, *at);
  if (auto refused = refuse_to_close(context, held, *at)) return *refused;

  const registry::Kind& kind = *registry::find_kind(registry::kinds::month_return);
  const std::vector<std::string> parts{member, *at};
  const auto key = registry::natural_key(kind, parts);
  if (!key) return to_refusal(key.error());
  const RecordId id{kind.number, registry::natural_record_key(kind.number, *key)};
  const Space space = counts::space_of(context.replica, member, false);
  const auto record = context.replica.read(space, id);
  std::vector<counts::Count> own;
  std::copy_if(held.counts.begin(), held.counts.end(), std::back_inserter(own), [](const auto& c) { return !c.paper; });
  const Hash digest = counts::digest(own);
  const month_return::Standing before = held.standing();
  const std::string explanation = text(context.args, "explanation");

  Edit edit = context.replica.begin();
  const bool again = before.revision > 0 && month_return::handed_in(before.state);
  const bool same = again && held.town && !held.town->disputed && held.town->digest == digest;
  if (!same) {
    const std::int64_t accepted = held.kreis ? held.kreis->accepted_revision : 0;
    open_record(edit, space, id, record ? &*record : nullptr, *key);
    edit.set(space, id, rf::state, Value{std::int64_t{again ? registry::return_state::corrected : registry::return_state::reported}});
    edit.set(space, id, rf::revision, Value{std::max(before.revision, accepted) + 1});
    edit.set(space, id, rf::digest, Value{to_bytes(digest)});
    edit.set(space, id, rf::reported_at, Value{static_cast<std::int64_t>(context.replica.now_ms())});
    put_sections(edit, space, id, held);
  }
  if (!explanation.empty()) {
    const auto fits = registry::check(*registry::find_field(kind, rf::explanation), Value{explanation});
    if (!fits) return to_refusal(fits.error());
    set_if_new(edit, space, id, record ? &*record : nullptr, rf::explanation, Value{explanation});
  }
  const bool changed = !edit.empty();
  if (auto refused = commit(context, edit)) return *refused;

  held = counts::load_month(context.replica, member, *at);
  Reply reply;
  reply.data = {{"changed", changed},
                {"ref", references::short_of(context.replica, id)},
                {"id", references::full_of(id)},
                {"return", counts::to_json(member, member_name(context.replica, member), *at, held)}};
  if (*at >= months::month_of(context.replica.now_ms())) {
    reply.warnings.push_back({"W_MONTH_NOT_OVER", tr("{} is not over yet; what comes later needs a new revision.", {*at})});
  }
  warn_locked(reply, held, *at);
  warn_remarks(reply, context, member, *at);
  return reply;
}

}  // namespace

std::vector<RequestKind> count_requests() {
  std::vector<RequestKind> all{{"count.enter", LocalRole::edit, enter},   {"count.tally", LocalRole::edit, tally},
                               {"count.show", LocalRole::read, show},     {"count.missing", LocalRole::read, missing},
                               {"count.close", LocalRole::edit, close}};
  for (RequestKind& kind : count_requests_of_kreis()) all.push_back(std::move(kind));
  for (RequestKind& kind : count_table_requests()) all.push_back(std::move(kind));
  return all;
}

}  // namespace kiz
