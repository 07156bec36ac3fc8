// The register of offers, and how many came, went and were confirmed in a month.

#include <algorithm>
#include <map>

#include "libclient/collation.h"
#include "libclient/field_text.h"
#include "libclient/months.h"
#include "libclient/references.h"
#include "libclient/reports.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz::reports {
namespace {

namespace f = registry::fields::offer;
constexpr int confirmed_days_max = 180;

const registry::Kind& kind() { return *registry::find_kind(registry::kinds::offer); }

std::uint32_t field_number(std::string_view name) {
  const auto found = registry::find_field(kind(), name);
  KIZ_ASSERT(found);
  return found->number;
}

bool overdue(const RecordView& offer, const std::string& today) {
  const std::string confirmed = offer.text(f::confirmed_on);
  return !months::is_day(confirmed) || months::days_between(confirmed, today) > confirmed_days_max;
}

bool ended(const RecordView& offer, const std::string& today) {
  if (offer.number(f::status) == registry::offer_status::ended) return true;
  const std::string until = offer.text(field_number("valid_until"));
  return !until.empty() && until < today;
}

bool status_disputed(const RecordView& offer) {
  const FieldView* status = offer.field(f::status);
  return status != nullptr && status->disputed();
}

bool has_text(const RecordView& offer, std::uint32_t field, const std::string& wanted) {
  const registry::Field* described = registry::find_field(kind(), field);
  const FieldView* view = offer.field(field);
  if (view == nullptr || described == nullptr) return false;
  return std::any_of(view->cells.begin(), view->cells.end(), [&](const CellView& cell) {
    return cell.value && field_text::show(*described, *cell.value, field_text::Form::exchange) == wanted;
  });
}

bool wanted(const RecordView& offer, const OfferFilter& filter, const Setting& setting, const std::string& today) {
  if (!filter.member.empty() && offer.space.owner != filter.member) return false;
  if (setting.audience != Audience::internal && offer.number(f::is_public).value_or(0) == 0) return false;
  if (!filter.all && ended(offer, today)) return false;
  if (!filter.kind.empty() && !has_text(offer, f::kind, filter.kind)) return false;
  return filter.language.empty() || has_text(offer, f::languages, filter.language);
}

/// The name behind a provider or partner that is a record of its own.
std::string party(const Replica& replica, const Value& value) {
  const auto* bytes = std::get_if<Bytes>(&value);
  if (bytes == nullptr || bytes->size() != RecordKey::size_bytes) {
    const auto* text = as_text(value);
    return text != nullptr ? *text : std::string{};
  }
  const RecordKey key = RecordKey::from(*bytes);
  const auto found = replica.find_by_prefix(registry::kinds::actor, key, RecordKey::size_bytes * 8, 1);
  const auto record = found.empty() ? std::nullopt : replica.read(found[0].first, found[0].second);
  return record ? record->text(registry::fields::actor::name) : to_hex(key);
}

Json field_json(const Replica& replica, const registry::Field& described, const FieldView& view) {
  const auto shown = [&](const CellView& cell) -> Json {
    if (!cell.value || is_null(*cell.value)) return nullptr;
    switch (described.type) {
      case registry::Type::party: return party(replica, *cell.value);
      case registry::Type::boolean:
        if (const auto* number = as_int(*cell.value)) return *number != 0;
        return nullptr;
      case registry::Type::integer:
      case registry::Type::cents:
      case registry::Type::micro_degree:
        if (const auto* number = as_int(*cell.value)) return *number;
        return nullptr;
      default: return field_text::show(described, *cell.value, field_text::Form::exchange);
    }
  };
  if (view.type != MergeType::set) return view.cells.size() == 1 || !view.disputed() ? shown(view.cells.front()) : Json(nullptr);
  Json list = Json::array();
  for (const CellView& cell : view.cells) list.push_back(shown(cell));
  return list;
}

Json offer_json(const Replica& replica, const references::ShortReferences& refs, const RecordView& offer, const Setting& setting,
                const std::string& today) {
  Json out{{"ref", refs.of(offer.id)}, {"id", references::full_of(offer.id)}};
  for (const FieldView& view : offer.fields) {
    const registry::Field* described = registry::find_field(kind(), view.field);
    if (described == nullptr || view.cells.empty()) continue;
    if (setting.audience != Audience::internal && described->personal == registry::Personal::yes) continue;
    out[registry::field_name(kind(), view.field)] = field_json(replica, *described, view);
  }
  out["overdue"] = overdue(offer, today);
  out["disputed"] = status_disputed(offer);
  return out;
}

}  // namespace

Json offers(const Replica& replica, const OfferFilter& filter, const Setting& setting, std::size_t& conflicts) {
  const std::string today = months::day_of(replica.now_ms());
  std::map<MemberId, std::vector<std::pair<std::string, Json>>> found;  // by owner: how the title sorts, and the offer
  std::size_t count = 0, old = 0;
  conflicts = 0;
  const references::ShortReferences refs{replica, registry::kinds::offer};
  replica.scan(registry::kinds::offer, [&](const RecordView& offer) {
    if (!wanted(offer, filter, setting, today)) return true;
    ++count;
    old += overdue(offer, today) ? 1U : 0U;
    conflicts += status_disputed(offer) ? 1U : 0U;
    found[offer.space.owner].emplace_back(collation::key(offer.text(f::title)), offer_json(replica, refs, offer, setting, today));
    return true;
  });
  Json members = Json::array();
  std::vector<request::Town> owners;
  for (auto& [owner, list] : found) {
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return std::tie(a.first, a.second["id"].template get_ref<const std::string&>()) <
             std::tie(b.first, b.second["id"].template get_ref<const std::string&>());
    });
    Json shown = Json::array();
    for (auto& [title, offer] : list) shown.push_back(std::move(offer));
    const std::string name = request::member_name(replica, owner);
    owners.push_back({owner, name});
    members.push_back({{"member", owner}, {"member_name", name}, {"offers", std::move(shown)}});
  }
  return {{"report", "offers"},
          {"realm", replica.identity().realm_name},
          {"generated_at", months::instant(replica.now_ms())},
          {"audience", name(setting.audience)},
          {"count", count},
          {"overdue", old},
          {"members", std::move(members)},
          {"knowledge", knowledge(replica, owners)}};
}

Json offer_movements(const Replica& replica, const std::string& month) {
  const std::string today = months::day_of(replica.now_ms());
  std::size_t active = 0, created = 0, gone = 0, confirmed = 0, old = 0;
  std::vector<std::pair<Space, RecordId>> candidates;
  replica.scan(registry::kinds::offer, [&](const RecordView& offer) {
    Timestamp oldest{~std::uint64_t{0}};
    for (const FieldView& field : offer.fields) {
      for (const CellView& cell : field.cells) oldest = std::min(oldest, cell.hlc);
    }
    // What shows an older value was there before; whether everything of it was rewritten since tells its history.
    if (oldest.value != ~std::uint64_t{0} && months::month_of(oldest.millis()) >= month) {
      candidates.emplace_back(offer.space, offer.id);
    }
    if (offer.text(f::confirmed_on).starts_with(month)) ++confirmed;
    const FieldView* status = offer.field(f::status);
    const bool ended_here = offer.number(f::status) == registry::offer_status::ended && status != nullptr &&
                            months::month_of(status->cells.front().hlc.millis()) == month;
    const std::string until = offer.text(field_number("valid_until"));
    if (ended_here || until.starts_with(month)) ++gone;
    if (ended(offer, today)) return true;
    ++active;
    old += overdue(offer, today) ? 1U : 0U;
    return true;
  });
  for (const auto& [space, id] : candidates) {
    const auto steps = replica.history(space, id);
    if (!steps.empty() && months::month_of(steps.front().hlc.millis()) == month) ++created;
  }
  return {{"active", active}, {"new", created}, {"ended", gone}, {"confirmed", confirmed}, {"overdue", old}};
}

}  // namespace kiz::reports
