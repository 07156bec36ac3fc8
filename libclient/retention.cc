#include "libclient/retention.h"

#include <algorithm>
#include <map>

#include "libclient/consents.h"
#include "libclient/months.h"
#include "libclient/replica_core.h"
#include "protocol/operation.h"
#include "protocol/registry.h"

namespace kiz::retention {
namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;

std::uint64_t personal_values(const registry::Kind& kind, const RecordView& view) {
  std::uint64_t out = 0;
  for (const FieldView& field : view.fields) {
    const auto* known = registry::find_field(kind, field.field);
    if (known == nullptr || known->personal == registry::Personal::no) continue;
    out += static_cast<std::uint64_t>(std::count_if(field.cells.begin(), field.cells.end(), [](const CellView& cell) {
      return cell.value && !is_null(*cell.value);
    }));
  }
  return out;
}

void add_contacts(const Replica& replica, const Space& space, std::uint64_t now, std::vector<Due>& out) {
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  replica.scan(
      kind.number,
      [&](const RecordView& view) {
        const FieldView* status = view.field(registry::fields::offer::status);
        const bool ended = !view.exists() || view.number(registry::fields::offer::status) == registry::offer_status::ended;
        if (!ended || status == nullptr || status->cells.empty()) return true;
        const std::uint64_t over = status->cells.front().hlc.millis() + contacts_years * year_ms;
        if (over > now) return true;
        if (const auto values = personal_values(kind, view); values > 0) out.push_back({What::contacts, space, view.id, over, values});
        return true;
      },
      {.space = space, .deleted = true});
}

std::uint64_t values_held(const RecordView& view) {
  std::uint64_t out = 0;
  for (const FieldView& field : view.fields) {
    for (const CellView& cell : field.cells) out += cell.value && !is_null(*cell.value) ? 1u : 0u;
  }
  return out;
}

/// The own counts, and of the Kreis what it entered from paper.
void add_counts(const Replica& replica, const Space& space, std::uint64_t now, std::vector<Due>& out) {
  for (const std::uint32_t kind : {registry::kinds::count, registry::kinds::paper_return}) {
    replica.scan(
        kind,
        [&](const RecordView& view) {
          std::uint64_t newest = 0;
          for (const FieldView& field : view.fields) {
            for (const CellView& cell : field.cells) newest = std::max(newest, cell.hlc.millis());
          }
          const std::uint64_t values = values_held(view);
          if (values > 0 && newest + counts_years * year_ms <= now) {
            out.push_back({What::counts, space, view.id, newest + counts_years * year_ms, values});
          }
          return true;
        },
        {.space = space, .deleted = true});
  }
}

void add_actors(Replica& replica, const SpaceSlot& slot, std::uint64_t now, std::vector<Due>& out) {
  if (now < actors_kept_ms) return;
  const std::uint64_t until = now - actors_kept_ms;
  std::vector<EntryRef> refs;
  {
    auto query = replica.core().db().query("SELECT id FROM entries WHERE space = ? AND hlc <= ? ORDER BY hlc");
    query << slot.store.number() << Timestamp::of(until, 0xffff).value;
    while (query.step()) refs.push_back(query.count(0));
  }
  Due due{What::actors, slot.store.space(), RecordId{registry::kinds::note, {}}, 0, 0};
  for (const EntryRef ref : refs) {
    for (const Op& op : slot.store.body(ref).ops) {
      if (!is_note(op) || !op.value) continue;
      ++due.values;
      if (due.since_ms == 0) due.since_ms = slot.store.meta(ref).hlc.millis() + actors_kept_ms;
    }
  }
  if (due.values > 0) out.push_back(due);
}

/// Consents on closed subjects: the own ones, and of the Kreis its subjects and what came on paper, too.
void add_consents(const Replica& replica, const Space& space, std::vector<Due>& out) {
  std::map<RecordKey, std::uint64_t> closed;
  replica.scan(registry::kinds::consent_subject, [&](const RecordView& view) {
    const auto subject = consents::read_subject(view);
    if (!subject || !months::is_day(subject->closed_on)) return true;
    const int days = months::days_between("1970-01-01", subject->closed_on);
    if (days > 0) closed.emplace(view.id.key, static_cast<std::uint64_t>(days) * day_ms);
    return true;
  });
  if (closed.empty()) return;
  for (const std::uint32_t kind : {registry::kinds::consent, registry::kinds::paper_consent, registry::kinds::consent_subject}) {
    replica.scan(
        kind,
        [&](const RecordView& view) {
          const auto consent = consents::read_consent(view);
          const auto since = closed.find(consent ? consent->subject : view.id.key);
          const std::uint64_t values = values_held(view);
          if (since != closed.end() && values > 0) out.push_back({What::consents, space, view.id, since->second, values});
          return true;
        },
        {.space = space});
  }
}

}  // namespace

const char* name(What what) {
  switch (what) {
    case What::contacts: return "contacts";
    case What::actors: return "actors";
    case What::counts: return "counts";
    case What::consents: return "consents";
  }
  return "contacts";
}

std::optional<What> of_kind(std::uint32_t kind) {
  switch (kind) {
    case registry::kinds::note: return What::actors;
    case registry::kinds::offer: return What::contacts;
    case registry::kinds::count:
    case registry::kinds::paper_return: return What::counts;
    case registry::kinds::consent:
    case registry::kinds::paper_consent:
    case registry::kinds::consent_subject: return What::consents;
    default: return std::nullopt;
  }
}

std::set<std::uint32_t> fields_of(What what) {
  std::set<std::uint32_t> out;
  if (what != What::contacts) return out;
  for (const registry::Field& field : registry::find_kind(registry::kinds::offer)->fields) {
    if (field.personal != registry::Personal::no) out.insert(field.number);
  }
  return out;
}

std::vector<Due> due(Replica& replica) {
  std::vector<Due> out;
  const MemberId own = replica.identity().member;
  const std::uint64_t now = replica.now_ms();
  for (const SpaceSlot* slot : replica.core().slots()) {
    const Space& space = slot->store.space();
    if (space.owner != own) continue;
    if (space.collection == Collection::offers) add_contacts(replica, space, now, out);
    if (space.collection == Collection::counts) add_counts(replica, space, now, out);
    if (space.collection == Collection::consents) add_consents(replica, space, out);
    add_actors(replica, *slot, now, out);
  }
  std::sort(out.begin(), out.end(), [](const Due& a, const Due& b) { return a.since_ms < b.since_ms; });
  return out;
}

}  // namespace kiz::retention
