#include "libclient/requests_privacy.h"

#include <algorithm>

#include "libclient/csv.h"
#include "libclient/dates.h"
#include "libclient/erasure.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/requests_erasure.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

using request::Or;
using request::refuse;

std::string kind_name(std::uint32_t number) {
  const registry::Kind* kind = registry::find_kind(number);
  return kind == nullptr ? "#" + std::to_string(number) : std::string{kind->name};
}

/// What a person calls it; never a field that may name somebody.
std::string title_of(const Replica& replica, const Space& space, const RecordId& record) {
  const auto view = replica.read(space, record);
  if (!view) return {};
  if (record.kind == registry::kinds::offer) return view->text(registry::fields::offer::title);
  if (record.kind == registry::kinds::consent_subject) return view->text(registry::fields::consent_subject::title);
  const registry::Kind* kind = registry::find_kind(record.kind);
  std::string out;
  if (kind == nullptr || kind->key.empty()) return out;
  for (const std::string& part : registry::split_natural_key(*kind, view->text(registry::fields::key))) {
    if (!part.empty() && part != "*") out += (out.empty() ? "" : " ") + part;
  }
  return out;
}

Json place_json(Replica& replica, const Space& space, const RecordId& record) {
  const bool names = record.kind == registry::kinds::note;
  return {{"record", names ? Json() : Json(references::full_of(record))},
          {"record_ref", names ? Json() : Json(references::short_of(replica, record))},
          {"kind", kind_name(record.kind)},
          {"space", name_of(space)}};
}

const char* next_of(archive::State state) {
  switch (state) {
    case archive::State::due: return "offer";
    case archive::State::offered: return "wait";
    case archive::State::ordered: return "execute";
    case archive::State::taken:
    case archive::State::declined:
    case archive::State::term_over: break;
  }
  return "erase";
}

/// privacy.due   what its retention period is over for, in this member's own data, and how far it has come
/// data: {"due": [{"what": contacts|actors|counts|consents, "record", "record_ref", "kind", "space", "since", "values",
/// "state": due|offered|taken|declined|term_over|ordered, "offer", "archive", "decide_by", "answered_on", "order",
/// "next": offer|wait|erase|execute}]}
Answer due(RequestContext& context) {
  Json list = Json::array();
  for (const archive::Standing& one : archive::standings(context.replica)) {
    Json shown = {{"what", retention::name(one.due.what)}};
    shown.update(place_json(context.replica, one.due.space, one.due.record));
    shown["since"] = months::instant(one.due.since_ms);
    shown["values"] = one.due.values;
    shown["state"] = archive::name(one.state);
    shown["offer"] = one.offer ? Json(references::short_of(context.replica, one.offer->id)) : Json();
    shown["archive"] = one.offer ? Json(one.offer->archive) : Json();
    shown["decide_by"] = one.offer ? Json(one.offer->decide_by) : Json();
    shown["answered_on"] = one.offer ? request::or_null(one.offer->answered_on) : Json();
    shown["order"] = one.order ? Json(references::short_of(context.replica, *one.order)) : Json();
    shown["next"] = next_of(one.state);
    list.push_back(std::move(shown));
  }
  return Reply{{{"due", std::move(list)}}, {}, 0};
}

Json word_of(archive::Answer answer) {
  if (answer == archive::Answer::none) return nullptr;
  return answer == archive::Answer::taken ? "taken" : "declined";
}

Json offer_json(Replica& replica, const archive::Offer& offer) {
  Json items = Json::array();
  for (const archive::Item& item : offer.items) {
    const auto what = retention::of_kind(item.record.kind);
    Json shown = {{"what", what ? Json(retention::name(*what)) : Json()}};
    shown.update(place_json(replica, item.space, item.record));
    shown["title"] = request::or_null(title_of(replica, item.space, item.record));
    shown["values_until"] = months::instant(item.until_ms);
    shown["answer"] = word_of(offer.answer_on(item));
    items.push_back(std::move(shown));
  }
  return {{"ref", references::short_of(replica, offer.id)},
          {"id", references::full_of(offer.id)},
          {"member", offer.space.owner},
          {"member_name", request::member_name(replica, offer.space.owner)},
          {"archive", offer.archive},
          {"offered", months::instant(offer.offered_ms)},
          {"decide_by", offer.decide_by},
          {"term_over", offer.term_over(replica.now_ms())},
          {"answer", word_of(offer.answer)},
          {"answered_on", request::or_null(offer.answered_on)},
          {"items", std::move(items)}};
}

std::string what_word(const Json& what) {
  if (what == "contacts") return tr("contact data");
  if (what == "actors") return tr("names of acting persons");
  if (what == "counts") return tr("numbers");
  return what == "consents" ? tr("consents") : std::string{};
}

std::string plain_text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string{}; }

/// What goes to the archive: which places, since when, never what stands there.
std::string listing_csv(const Json& offer, const csv::Dialect& dialect) {
  std::string out = csv::begin(dialect);
  const auto date = [&](const Json& day) {
    const std::string text = plain_text(day).substr(0, 10);
    return csv::Out{dialect.german ? dates::german(text) : text, true};
  };
  csv::append(out,
              {{tr("Offer")}, {tr("Member")}, {tr("Archive")}, {tr("Offered on")}, {tr("Answer due by")}, {tr("What")}, {tr("Record")},
               {tr("Id")}, {tr("Title")}, {tr("Collection")}, {tr("Values until")}, {tr("Answer")}},
              dialect);
  for (const Json& item : offer["items"]) {
    const std::string answer = plain_text(item["answer"]);
    csv::append(out,
                {{plain_text(offer["ref"])}, {plain_text(offer["member_name"])}, {plain_text(offer["archive"])}, date(offer["offered"]),
                 date(offer["decide_by"]), {what_word(item["what"])}, {plain_text(item["record_ref"])}, {plain_text(item["record"])},
                 {plain_text(item["title"])}, {plain_text(item["space"])}, date(item["values_until"]),
                 {answer.empty() ? "" : answer == "taken" ? tr("taken over") : tr("declined")}},
                dialect);
  }
  return out;
}

void add_listing(const RequestContext& context, Json& data) {
  const std::string format = request::text(context.args, "format");
  if (format.empty()) return;
  const Json& offer = data["offer"];
  const bool json = format == "json";
  data["file"] = {{"name", "kiz-" + registry::fold(plain_text(offer["ref"])) + (json ? ".json" : ".csv")},
                  {"type", json ? "application/json" : "text/csv; charset=utf-8"},
                  {"content", request::to_base64(json ? offer.dump(2) + "\n"
                                                      : listing_csv(offer, request::german(context.caller) ? csv::german : csv::international))}};
}

std::optional<Refusal> bad_format(const RequestContext& context) {
  const std::string format = request::text(context.args, "format");
  if (format.empty() || format == "csv" || format == "json") return std::nullopt;
  return refuse(Errc::usage, tr("The listing for the archive is written as csv or json, not as {}.", {format}));
}

std::optional<archive::Offer> known(Replica& replica, const RecordId& id) {
  for (archive::Offer& offer : archive::offers(replica)) {
    if (offer.id == id) return std::move(offer);
  }
  return std::nullopt;
}

/// privacy.offer  {"archive"? (the one of the last offer), "months"? (6 to 60), "format"?: csv|json}
/// data: {"offer": {"ref", "id", "member", "member_name", "archive", "offered", "decide_by", "term_over", "answer":
/// null|taken|declined, "answered_on", "items": [{"what", "record", "record_ref", "kind", "space", "title", "values_until",
/// "answer"}]}, "items", "left_over", "file"?: {"name", "type", "content": base64}}
Answer offer(RequestContext& context) {
  if (auto refused = bad_format(context)) return *refused;
  Replica& replica = context.replica;
  archive::Wish wish;
  wish.archive = request::text(context.args, "archive");
  for (const archive::Offer& earlier : archive::offers(replica)) {
    if (request::text(context.args, "archive").empty() && earlier.space.owner == replica.identity().member) wish.archive = earlier.archive;
  }
  if (wish.archive.empty()) return refuse(Errc::usage, tr("Say which archive it is offered to: --archive NAME."));
  const std::int64_t months = context.args.value("months", std::int64_t{archive::term_months});
  if (months < archive::term_months || months > archive::term_months_max) {
    return refuse(Errc::invalid_input, tr("The archive has 6 to 60 months to answer. Nothing was changed."));
  }
  wish.months = static_cast<int>(months);
  if (context.dry_run) {
    std::size_t items = 0;
    for (const archive::Standing& one : archive::standings(replica)) items += one.state == archive::State::due ? 1u : 0u;
    const std::size_t taken = std::min(items, archive::items_max);
    return Reply{{{"offer", nullptr}, {"items", taken}, {"left_over", items - taken}}, {}, 0};
  }
  auto made = archive::offer(replica, wish, context.actor());
  if (!made) {
    if (made.error().code == Errc::not_found) return refuse(Errc::not_found, tr("Nothing is due that was not offered already. Nothing was changed."), tr("kiz privacy due"));
    return cannot_order(made.error());
  }
  if (context.surroundings.committed) context.surroundings.committed();
  const auto stored = known(replica, made->id);
  if (!stored) return refuse(Errc::internal, tr("The offer was made and cannot be found."));
  Json data = {{"offer", offer_json(replica, *stored)}, {"items", made->items}, {"left_over", made->left_over}};
  add_listing(context, data);
  return Reply{std::move(data), {}, 0};
}

bool begins_with(const RecordKey& key, const references::Prefix& prefix) {
  for (unsigned i = 0; i < prefix.bits; ++i) {
    const unsigned mask = 0x80U >> i % 8;
    if ((key.bytes[i / 8] & mask) != (prefix.key.bytes[i / 8] & mask)) return false;
  }
  return true;
}

/// The items that the words name: references of records, or collections for names of acting persons.
Or<std::vector<archive::Item>> items_of(const RequestContext& context, const archive::Offer& offer) {
  std::vector<archive::Item> out;
  for (const std::string& word : request::texts(context.args, "records")) {
    std::vector<archive::Item> found;
    for (const archive::Item& item : offer.items) {
      const registry::Kind* kind = registry::find_kind(item.record.kind);
      if (item.record.kind == registry::kinds::note) {
        if (is_name_of(item.space.collection, word)) found.push_back(item);
      } else if (kind != nullptr) {
        const auto prefix = references::parse(kind->letter, word);
        if (prefix && begins_with(item.record.key, *prefix)) found.push_back(item);
      }
    }
    if (found.empty()) return refuse(Errc::not_found, tr("\"{}\" was not offered there. Nothing was changed.", {word}));
    if (found.size() > 1) return to_refusal(Error{Errc::ambiguous, word});
    out.push_back(found.front());
  }
  return out;
}

/// privacy.archive  {"ref", "answer"?: taken|declined, "on"? (today), "records"?: [REF or COLLECTION], "format"?: csv|json}
/// Without an answer it is shown. data: {"offer": as in privacy.offer, "file"?}
Answer archive_answer(RequestContext& context) {
  if (auto refused = bad_format(context)) return *refused;
  Replica& replica = context.replica;
  const std::string ref = request::text(context.args, "ref"), word = registry::fold(request::text(context.args, "answer"));
  auto found = references::find(replica, registry::kinds::archive_offer, ref);
  if (!found && found.error().code == Errc::ambiguous) return to_refusal(found.error());
  auto offer = found ? known(replica, found->second) : std::nullopt;
  if (!offer) return refuse(Errc::not_found, tr("There is no offer to the archive \"{}\".", {ref}), tr("kiz privacy due"));
  if (!word.empty()) {
    const bool taken = word == "uebernommen" || word == "taken", declined = word == "abgelehnt" || word == "declined";
    if (!taken && !declined) return refuse(Errc::invalid_input, tr("\"{}\" is neither taken nor declined. Nothing was changed.", {word}));
    auto items = items_of(context, *offer);
    if (!items) return items.refusal();
    auto day = request::day(context, "on");
    if (!day) return day.refusal();
    const std::string on = day->empty() ? months::day_of(replica.now_ms()) : *day;
    if (on < months::day_of(offer->offered_ms) || months::is_future(on, replica.now_ms())) {
      return refuse(Errc::invalid_input, tr("The archive answers between the day of the offer and today. Nothing was changed."));
    }
    if (!context.dry_run) {
      auto done = archive::answer(replica, *offer, taken ? archive::Answer::taken : archive::Answer::declined, on, *items, context.actor());
      if (!done) return cannot_order(done.error());
      if (context.surroundings.committed) context.surroundings.committed();
      offer = known(replica, offer->id);
      if (!offer) return refuse(Errc::internal, tr("The offer was made and cannot be found."));
    }
  }
  Json data = {{"offer", offer_json(replica, *offer)}};
  add_listing(context, data);
  return Reply{std::move(data), {}, 0};
}

}  // namespace

std::optional<Refusal> privacy::bar_of(const archive::Verdict& verdict) {
  switch (verdict.bar) {
    case archive::Bar::none: return std::nullopt;
    case archive::Bar::permanent:
      return refuse(Errc::not_permitted, tr("Consents are kept for good: they are offered to the archive and no period ends for them. Nothing was changed."));
    case archive::Bar::not_due:
      return refuse(Errc::not_permitted, tr("No retention period is over for this. Nothing was changed."), tr("kiz privacy due"));
    case archive::Bar::fields:
      return refuse(Errc::not_permitted, tr("The retention period is over for the contact data alone, not for other fields. Nothing was changed."),
                    tr("kiz privacy due"));
    case archive::Bar::not_offered:
      return refuse(Errc::not_permitted, tr("This must be offered to the archive before it is erased (ArchivG NRW, section 10(4)). Nothing was changed."),
                    tr("kiz privacy offer"));
    case archive::Bar::undecided:
      return refuse(Errc::not_permitted, tr("{} has not answered yet, and has time until {}. Nothing was changed.",
                                            {verdict.offer->archive, language() == "de" ? dates::german(verdict.offer->decide_by) : verdict.offer->decide_by}),
                    tr("kiz privacy due"));
  }
  return std::nullopt;
}

std::vector<RequestKind> privacy_requests() {
  return {{"privacy.due", LocalRole::read, request::member_only(due)},
          {"privacy.offer", LocalRole::administer, request::member_only(offer)},
          {"privacy.archive", LocalRole::administer, request::member_only(archive_answer)}};
}

}  // namespace kiz
