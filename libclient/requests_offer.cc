// Requests about offers and needs: they are edited alike, their fields differ. Tables of them: requests_offer_table.cc.
#include "libclient/requests_offer.h"

#include <algorithm>

#include "libclient/collation.h"
#include "libclient/field_text.h"
#include "libclient/list_rows.h"
#include "libclient/months.h"
#include "libclient/places.h"
#include "libclient/record_reply.h"
#include "libclient/references.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

namespace fields = registry::fields;
using request::refuse;
using Found = std::pair<Space, RecordId>;

constexpr int overdue_days = 180;  // an offer that nobody has confirmed for so long counts as stale

std::vector<std::string> split_elements(const std::string& text) {
  std::vector<std::string> out;
  std::string item;
  for (const char c : text + ",") {
    if (c != ',') {
      item.push_back(c);
      continue;
    }
    const auto begin = item.find_first_not_of(' ');
    if (begin != std::string::npos) out.push_back(item.substr(begin, item.find_last_not_of(' ') - begin + 1));
    item.clear();
  }
  return out;
}

// One set of FIELD=VALUE arguments as steps of an edit.
class FieldSteps {
 public:
  FieldSteps(const RequestContext& context, const registry::Kind& kind, const Space& space, const RecordId& id,
             const RecordView* present)
      : context_(context), kind_(kind), space_(space), id_(id), present_(present) {}

  std::optional<Refusal> take(const Json& list, Edit& edit) {
    for (const Json& item : list) {
      auto name = field_text::find_field(kind_, request::text(item, "field"));
      if (!name) return refuse(*name.wrong, context_.caller);
      named_.push_back(name.value.number);
      const std::string op = request::text(item, "op");
      const std::string text = item.value("text", std::string{});
      auto refused = name.value.field->merge == registry::Merge::set ? take_set(name.value, op, text, edit)
                                                                      : take_single(name.value, op, text, edit);
      if (refused) return refused;
    }
    return std::nullopt;
  }

  bool names(std::uint32_t field) const { return std::find(named_.begin(), named_.end(), field) != named_.end(); }

 private:
  std::optional<Refusal> take_single(const registry::FieldName& name, const std::string& op, const std::string& text, Edit& edit) {
    if (op != "=") {
      return refuse(Errc::invalid_input, tr("The field \"{}\" holds one value; set it with =. Nothing was changed.",
                                            {std::string{name.field->name}}));
    }
    auto value = field_text::parse(*name.field, text, request::tongue(context_.caller));
    if (!value) return refuse(*value.wrong, context_.caller);
    edit.set(space_, id_, name.number, std::move(value.value));
    return std::nullopt;
  }

  std::optional<Refusal> take_set(const registry::FieldName& name, const std::string& op, const std::string& text, Edit& edit) {
    std::vector<Value> wanted;
    for (const std::string& element : split_elements(text)) {
      auto value = field_text::parse(*name.field, element, request::tongue(context_.caller));
      if (!value) return refuse(*value.wrong, context_.caller);
      wanted.push_back(std::move(value.value));
    }
    if (op == "-=") {
      for (Value& value : wanted) edit.remove(space_, id_, name.number, std::move(value));
      return std::nullopt;
    }
    if (op == "=") remove_others(name.number, wanted, edit);
    for (Value& value : wanted) edit.add(space_, id_, name.number, std::move(value));
    return std::nullopt;
  }

  void remove_others(std::uint32_t number, const std::vector<Value>& wanted, Edit& edit) {
    const FieldView* field = present_ == nullptr ? nullptr : present_->field(number);
    if (field == nullptr) return;
    for (const CellView& cell : field->cells) {
      if (cell.value && std::find(wanted.begin(), wanted.end(), *cell.value) == wanted.end()) {
        edit.remove(space_, id_, number, *cell.value);
      }
    }
  }

  const RequestContext& context_;
  const registry::Kind& kind_;
  const Space& space_;
  const RecordId& id_;
  const RecordView* present_;
  std::vector<std::uint32_t> named_;
};

std::string today(const RequestContext& context) { return months::day_of(context.replica.now_ms()); }

// The member in whose name the caller writes: its own, or the one it names where this device may.
request::Or<MemberId> owner(const RequestContext& context) {
  const std::string named = request::text(context.args, "member");
  if (named.empty()) return context.replica.identity().member;
  auto town = request::member(context.replica, named);
  if (!town) return town.refusal();
  return town->id;
}

request::Or<Found> find(const RequestContext& context, const registry::Kind& kind) {
  const std::string ref = request::text(context.args, "ref");
  auto found = references::find(context.replica, kind.number, ref);
  if (!found && found.error().code == Errc::ambiguous) {
    return refuse(Errc::ambiguous, tr("\"{}\" fits several records; write more of it.", {ref}));
  }
  if (!found) return refuse(Errc::not_found, tr("There is no \"{}\" here.", {ref}));
  return *found;
}

std::optional<Refusal> check_required(const RequestContext& context, const registry::Kind& kind, const FieldSteps& steps) {
  std::string missing;
  for (const registry::Field& field : kind.fields) {
    if (!field.required || steps.names(field.number)) continue;
    missing += (missing.empty() ? "" : ", ") + std::string{request::german(context.caller) ? field.name_de : field.name};
  }
  if (missing.empty()) return std::nullopt;
  return refuse(Errc::invalid_input, tr("These fields are needed as well: {}. Nothing was changed.", {missing}));
}

std::string title_of(const Replica& replica, const Found& found) {
  const auto view = replica.read(found.first, found.second);
  return view ? view->text(fields::offer::title) : std::string{};
}

// What a command reports after it has changed a record.
Answer changed(RequestContext& context, const Found& found, const Edit& edit) {
  if (auto refused = request::commit(context, edit)) return *refused;
  Reply reply;
  reply.data = reply::created(context.replica, found.second, title_of(context.replica, found));
  return reply;
}

bool is_overdue(const RecordView& view, const std::string& day, int days) {
  const auto status = view.number(fields::offer::status);
  if (status == registry::offer_status::ended || status == registry::offer_status::planned) return false;
  const std::string confirmed = view.text(fields::offer::confirmed_on);
  return confirmed.empty() || months::days_between(confirmed, day) > days;
}

bool has_element(const RecordView& view, std::uint32_t number, const Value& value) {
  const FieldView* field = view.field(number);
  return field != nullptr && std::any_of(field->cells.begin(), field->cells.end(), [&](const auto& c) { return c.value == value; });
}

// The filters of offer.list and need.list, read once.
struct Filter {
  std::optional<MemberId> member;
  std::optional<std::pair<std::uint32_t, Value>> kind, language, status;
  bool only_public = false;
  std::string words;  // folded
  bool overdue = false;
  int days = overdue_days;

  bool fits(const registry::Kind& record_kind, const RecordView& view, const std::string& day) const {
    if (member && view.space.owner != *member) return false;
    if (kind && !has_element(view, kind->first, kind->second)) return false;
    if (language && !has_element(view, language->first, language->second)) return false;
    if (status && !has_element(view, status->first, status->second)) return false;
    if (only_public && view.number(fields::offer::is_public) != 1) return false;
    if (overdue && !is_overdue(view, day, days)) return false;
    return words.empty() || mentions(record_kind, view);
  }

  /// What a view must show to be judged, as in ScanRange; nullopt: everything.
  std::optional<std::vector<std::uint32_t>> judged() const {
    if (!words.empty()) return std::nullopt;
    std::vector<std::uint32_t> out;
    for (const auto* element : {&kind, &language, &status}) {
      if (*element) out.push_back((*element)->first);
    }
    if (only_public) out.push_back(fields::offer::is_public);
    if (overdue) out.insert(out.end(), {fields::offer::status, fields::offer::confirmed_on});
    return out;
  }

 private:
  bool mentions(const registry::Kind& record_kind, const RecordView& view) const {
    std::string all;
    for (const FieldView& field : view.fields) {
      const auto* known = registry::find_field(record_kind, field.field);
      for (const CellView& cell : field.cells) {
        if (!cell.value || is_null(*cell.value)) continue;
        all += known != nullptr ? field_text::show(*known, *cell.value, field_text::Form::screen_german) : std::string{};
        all += ' ';
      }
    }
    all = registry::fold(all);
    for (const std::string& word : split_words(words)) {
      if (all.find(word) == std::string::npos) return false;
    }
    return true;
  }

  static std::vector<std::string> split_words(const std::string& text) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while (at < text.size()) {
      const auto end = std::min(text.find(' ', at), text.size());
      if (end > at) out.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }
};

request::Or<Filter> filter(const RequestContext& context, const registry::Kind& kind) {
  Filter out;
  if (!request::text(context.args, "member").empty()) {
    auto member = request::member(context.replica, request::text(context.args, "member"));
    if (!member) return member.refusal();
    out.member = member->id;
  }
  const auto element = [&](const char* argument, const char* field_name, auto& target) -> std::optional<Refusal> {
    const std::string text = request::text(context.args, argument);
    if (text.empty()) return std::nullopt;
    const auto field = registry::find_field(kind, std::string_view{field_name});
    auto value = field_text::parse(*field->field, text, request::tongue(context.caller));
    if (!value) return refuse(*value.wrong, context.caller);
    target.emplace(field->number, std::move(value.value));
    return std::nullopt;
  };
  if (auto refused = element("kind", "kind", out.kind)) return *refused;
  if (auto refused = element("language", "languages", out.language)) return *refused;
  if (auto refused = element("status", "status", out.status)) return *refused;
  out.only_public = request::flag(context.args, "public");
  out.words = registry::fold(request::text(context.args, "text"));
  if (context.args.contains("days") && context.args["days"].is_number_integer()) out.days = context.args["days"].get<int>();
  return out;
}

/// The list as rows of what stands on the screen: data: {"rows": packed (packed_rows.h), "total"}
Json rows_of(RequestContext& context, const registry::Kind& kind, const Filter& wanted, ScanRange range) {
  const std::string day = today(context);
  const std::uint32_t title = registry::find_field(kind, std::string_view{"title"})->number;
  ListRows rows{context.replica, kind, request::texts(context.args, "columns")};
  if (const auto judged = wanted.judged()) {
    range.fields = rows.fields();
    range.fields.push_back(title);
    range.fields.insert(range.fields.end(), judged->begin(), judged->end());
  }
  context.replica.scan(kind.number, [&](const RecordView& view) {
    if (wanted.fits(kind, view, day)) rows.add(view, collation::key(view.text(title)));
    return true;
  }, range);
  Json out;
  out["total"] = rows.size();
  out["rows"] = Json::binary(rows.sorted());
  return out;
}

/// offer.list, need.list   args: member, kind, language, status, public, columns (list_rows.h: rows instead of records);
///                         data: {"offers": [record...], "total"}, by title as a dictionary has them
/// offer.search            args: text as well
/// offer.overdue           args: member, days
Answer list(RequestContext& context, const registry::Kind& kind, bool overdue) {
  auto wanted = filter(context, kind);
  if (!wanted) return wanted.refusal();
  wanted->overdue = overdue;
  ScanRange range;
  if (wanted->member) range.space = context.replica.space(*wanted->member, kind.collection);  // a town's offers lie in one space
  Reply reply;
  if (context.args.contains("columns")) {
    reply.data = rows_of(context, kind, *wanted, std::move(range));
    return reply;
  }
  const std::string day = today(context);
  const reply::Records shown{context.replica, kind};
  const std::uint32_t title = registry::find_field(kind, std::string_view{"title"})->number;
  std::vector<std::pair<std::string, Json>> found;
  context.replica.scan(kind.number, [&](const RecordView& view) {
    if (wanted->fits(kind, view, day)) found.emplace_back(collation::key(view.text(title)), shown.json(view));
    return true;
  }, range);
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Json records = Json::array();
  for (auto& [key, record] : found) records.push_back(std::move(record));
  const std::size_t total = records.size();
  reply.data.get_ref<Json::object_t&>().reserve(2);  // else the total would have the records copied
  reply.data[kind.number == registry::kinds::offer ? "offers" : "needs"] = std::move(records);
  reply.data["total"] = total;
  return reply;
}

/// offer.new, need.new   args: fields [{field, op, text}], member; data: {"ref", "id", "title"}
Answer make_new(RequestContext& context, const registry::Kind& kind) {
  auto member = owner(context);
  if (!member) return member.refusal();
  const Space space = context.replica.space(*member, kind.collection);
  RecordId id{kind.number, {}};
  context.replica.random(id.key.bytes);
  Edit edit = context.replica.begin();
  FieldSteps steps{context, kind, space, id, nullptr};
  if (auto refused = steps.take(context.args.value("fields", Json::array()), edit)) return *refused;
  if (auto refused = check_required(context, kind, steps)) return *refused;
  const auto status = *registry::find_field(kind, std::string_view{"status"});
  if (!steps.names(status.number)) {
    const std::uint32_t first = kind.number == registry::kinds::offer ? registry::offer_status::active : registry::need_status::open;
    edit.set(space, id, status.number, Value{std::int64_t{first}});
  }
  // What is entered today is right as of today.
  if (kind.number == registry::kinds::offer && !steps.names(fields::offer::confirmed_on)) {
    edit.set(space, id, fields::offer::confirmed_on, Value{today(context)});
  }
  return changed(context, {space, id}, edit);
}

/// offer.show   args: ref; data: {"offer": record}
Answer show(RequestContext& context, const registry::Kind& kind) {
  auto found = find(context, kind);
  if (!found) return found.refusal();
  const auto view = context.replica.read(found->first, found->second);
  if (!view) return refuse(Errc::not_found, tr("There is no \"{}\" here.", {request::text(context.args, "ref")}));
  Reply reply;
  reply.data[std::string{kind.name}] = reply::record(context.replica, kind, *view);
  return reply;
}

/// offer.edit   args: ref, fields; several fields in one command are one entry
Answer edit_fields(RequestContext& context, const registry::Kind& kind) {
  auto found = find(context, kind);
  if (!found) return found.refusal();
  const auto view = context.replica.read(found->first, found->second);
  if (!view || !view->exists()) {
    return refuse(Errc::not_found, tr("This record was deleted. Nothing was changed."), "kiz undo");
  }
  Edit edit = context.replica.begin();
  FieldSteps steps{context, kind, found->first, found->second, &*view};
  if (auto refused = steps.take(context.args.value("fields", Json::array()), edit)) return *refused;
  return changed(context, *found, edit);
}

Answer set_one(RequestContext& context, std::uint32_t field, Value value) {
  auto found = find(context, *registry::find_kind(registry::kinds::offer));
  if (!found) return found.refusal();
  Edit edit = context.replica.begin();
  edit.set(found->first, found->second, field, std::move(value));
  return changed(context, *found, edit);
}

/// offer.confirm   one date changes, nothing else
Answer confirm(RequestContext& context) { return set_one(context, fields::offer::confirmed_on, Value{today(context)}); }
/// offer.end
Answer end(RequestContext& context) {
  return set_one(context, fields::offer::status, Value{std::int64_t{registry::offer_status::ended}});
}

/// offer.delete   args: ref
Answer remove(RequestContext& context, const registry::Kind& kind) {
  auto found = find(context, kind);
  if (!found) return found.refusal();
  const std::string title = title_of(context.replica, *found);
  Edit edit = context.replica.begin();
  edit.del(found->first, found->second);
  if (auto refused = request::commit(context, edit)) return *refused;
  Reply reply;
  reply.data = reply::created(context.replica, found->second, title);
  return reply;
}

/// offer.history   args: ref; data: {"id", "steps": [...]}
Answer history(RequestContext& context, const registry::Kind& kind) {
  auto found = find(context, kind);
  if (!found) return found.refusal();
  Reply reply;
  reply.data = reply::history(context.replica, kind, found->first, found->second);
  return reply;
}

// What stays behind when an offer is copied to another town: who to call there, and what that town says of it.
bool is_internal(const registry::Field& field) {
  return field.personal != registry::Personal::no || field.number == fields::offer::confirmed_on ||
         field.number == fields::offer::confirmed_by || field.number == fields::offer::external_ids ||
         field.number == fields::offer::is_public;
}

/// offer.copy   args: ref, member, fields; a copy into another town leaves internal data behind
Answer copy(RequestContext& context) {
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  auto found = find(context, kind);
  if (!found) return found.refusal();
  auto member = owner(context);
  if (!member) return member.refusal();
  const auto view = context.replica.read(found->first, found->second);
  if (!view) return refuse(Errc::not_found, tr("There is no \"{}\" here.", {request::text(context.args, "ref")}));
  const Space space = context.replica.space(*member, kind.collection);
  RecordId id{kind.number, {}};
  context.replica.random(id.key.bytes);
  Edit edit = context.replica.begin();
  const bool abroad = *member != found->first.owner;
  for (const FieldView& field : view->fields) {
    const auto* known = registry::find_field(kind, field.field);
    if (known == nullptr || (abroad && is_internal(*known)) || field.field == fields::offer::external_ids) continue;
    if (field.disputed()) continue;
    for (const CellView& cell : field.cells) {
      if (!cell.value || is_null(*cell.value)) continue;
      if (field.type == MergeType::set) {
        edit.add(space, id, field.field, *cell.value);
      } else {
        edit.set(space, id, field.field, *cell.value);
        break;
      }
    }
  }
  FieldSteps steps{context, kind, space, id, nullptr};
  if (auto refused = steps.take(context.args.value("fields", Json::array()), edit)) return *refused;
  return changed(context, {space, id}, edit);
}

/// need.meet   args: ref, offer
Answer meet(RequestContext& context) {
  auto need = find(context, *registry::find_kind(registry::kinds::need));
  if (!need) return need.refusal();
  const std::string ref = request::text(context.args, "offer");
  auto offer = references::find(context.replica, registry::kinds::offer, ref);
  if (!offer) return refuse(offer.error().code, tr("There is no \"{}\" here.", {ref}));
  Edit edit = context.replica.begin();
  const auto& key = offer->second.key.bytes;
  edit.add(need->first, need->second, fields::need::met_by, Value{Bytes(key.begin(), key.end())});
  edit.set(need->first, need->second, fields::need::status, Value{std::int64_t{registry::need_status::met}});
  return changed(context, *need, edit);
}

void add_kind(std::vector<RequestKind>& out, std::uint32_t number, const std::array<const char*, 6>& names) {
  const registry::Kind* kind = registry::find_kind(number);
  out.push_back({names[0], LocalRole::read, request::member_only([kind](auto& c) { return list(c, *kind, false); })});
  out.push_back({names[1], LocalRole::edit, request::member_only([kind](auto& c) { return make_new(c, *kind); })});
  out.push_back({names[2], LocalRole::read, request::member_only([kind](auto& c) { return show(c, *kind); })});
  out.push_back({names[3], LocalRole::edit, request::member_only([kind](auto& c) { return edit_fields(c, *kind); })});
  out.push_back({names[4], LocalRole::edit, request::member_only([kind](auto& c) { return remove(c, *kind); })});
  out.push_back({names[5], LocalRole::read, request::member_only([kind](auto& c) { return history(c, *kind); })});
}

}  // namespace

std::vector<RequestKind> offer_requests() {
  std::vector<RequestKind> out;
  add_kind(out, registry::kinds::offer, {"offer.list", "offer.new", "offer.show", "offer.edit", "offer.delete", "offer.history"});
  add_kind(out, registry::kinds::need, {"need.list", "need.new", "need.show", "need.edit", "need.delete", "need.history"});
  const registry::Kind* offer = registry::find_kind(registry::kinds::offer);
  out.push_back({"offer.search", LocalRole::read, request::member_only([offer](auto& c) { return list(c, *offer, false); })});
  out.push_back({"offer.overdue", LocalRole::read, request::member_only([offer](auto& c) { return list(c, *offer, true); })});
  out.push_back({"offer.confirm", LocalRole::edit, request::member_only([](auto& c) { return confirm(c); })});
  out.push_back({"offer.end", LocalRole::edit, request::member_only([](auto& c) { return end(c); })});
  out.push_back({"offer.copy", LocalRole::edit, request::member_only([](auto& c) { return copy(c); })});
  out.push_back({"need.meet", LocalRole::edit, request::member_only([](auto& c) { return meet(c); })});
  for (RequestKind& table : offer_table_requests()) out.push_back(std::move(table));
  return out;
}

}  // namespace kiz
