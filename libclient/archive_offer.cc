#include "libclient/archive_offer.h"

#include <algorithm>
#include <charconv>

#include "libclient/erasure.h"
#include "libclient/months.h"
#include "libclient/replica_core.h"
#include "protocol/crypto.h"
#include "protocol/registry.h"

namespace kiz::archive {
namespace {

namespace fields = registry::fields::archive_offer;
namespace answers = registry::archive_answer;
using retention::What;

constexpr char basis_label[] = "kiz-sync archive offer v1";
constexpr std::size_t basis_bytes = 16;

erasure::Order place_of(const Space& space, const RecordId& record, std::uint64_t until_ms) {
  erasure::Order out;
  out.target_space = space;
  out.target = record;
  if (const auto what = retention::of_kind(record.kind)) out.fields = retention::fields_of(*what);
  out.until_ms = until_ms;
  return out;
}

/// The digest stays when values are erased or pruned: it is made of their names.
std::string basis_of(Replica& replica, const erasure::Order& place) {
  crypto::Hasher hasher{basis_label};
  for (const CellName& cell : erasure::covered(replica.core(), place)) {
    const std::uint8_t op[4] = {static_cast<std::uint8_t>(cell.op >> 24), static_cast<std::uint8_t>(cell.op >> 16),
                                static_cast<std::uint8_t>(cell.op >> 8), static_cast<std::uint8_t>(cell.op)};
    hasher.add(cell.entry).add(op);
  }
  return to_hex(hasher.finish()).substr(0, 2 * basis_bytes);
}

std::string spelled(const Item& item) {
  return std::to_string(static_cast<std::uint32_t>(item.space.collection)) + ":" + item.space.counterpart + ":" +
         std::to_string(item.record.kind) + ":" + to_hex(item.record.key) + ":" + std::to_string(item.until_ms) + ":" + item.basis;
}

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && failed == std::errc{} && stop == text.data() + text.size();
}

std::optional<Item> item_of(const Space& space, std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find(':', from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  std::uint32_t collection = 0;
  Item out;
  if (parts.size() != 6 || !read_number(parts[0], collection) || !read_number(parts[2], out.record.kind) ||
      !read_number(parts[4], out.until_ms)) {
    return std::nullopt;
  }
  const Bytes key = from_hex(parts[3]), basis = from_hex(parts[5]);
  if (key.size() != RecordKey::size_bytes || basis.size() != basis_bytes) return std::nullopt;
  out.space = {space.realm, space.owner, static_cast<Collection>(collection), std::string{parts[1]}};
  out.record.key = RecordKey::from(key);
  out.basis = std::string{parts[5]};
  return out;
}

std::vector<Item> items_of(const RecordView& view, std::uint32_t field) {
  std::vector<Item> out;
  const FieldView* set = view.field(field);
  if (set == nullptr) return out;
  for (const CellView& cell : set->cells) {
    const auto* text = cell.value ? as_text(*cell.value) : nullptr;
    if (auto item = text == nullptr ? std::nullopt : item_of(view.space, *text)) out.push_back(std::move(*item));
  }
  return out;
}

std::optional<Offer> offer_of(const RecordView& view) {
  Offer out;
  const auto offered = view.number(fields::offered_at);
  out.id = view.id;
  out.space = view.space;
  out.archive = view.text(fields::archive);
  out.decide_by = view.text(fields::decide_by);
  if (!offered || *offered < 0 || !months::is_day(out.decide_by)) return std::nullopt;
  out.offered_ms = static_cast<std::uint64_t>(*offered);
  out.answered_on = view.text(fields::answered_on);
  const auto answer = view.number(fields::answer);
  if (answer == answers::taken) out.answer = Answer::taken;
  if (answer == answers::declined) out.answer = Answer::declined;
  out.items = items_of(view, fields::items);
  out.taken = items_of(view, fields::taken);
  out.declined = items_of(view, fields::declined);
  return out;
}

/// The day `by` months after an instant's day, or the last one of that month where it has no such day.
std::string day_after_months(std::uint64_t ms, int by) {
  const std::string day = months::day_of(ms), month = months::plus(day.substr(0, 7), by);
  return std::min(month + day.substr(7), months::last_day(month));
}

bool contains(const std::vector<Item>& items, const Item& item) { return std::find(items.begin(), items.end(), item) != items.end(); }

std::optional<RecordId> ordered(const std::vector<erasure::Order>& orders, const Item& item) {
  for (const erasure::Order& order : orders) {
    if (order.target_space == item.space && order.target == item.record && order.reason == erasure::Reason::retention && !order.withdrawn &&
        order.until_ms >= item.until_ms) {
      return order.id;
    }
  }
  return std::nullopt;
}

/// A due place against every offer and order.
class Judge {
 public:
  explicit Judge(Replica& replica)
      : replica_{replica}, now_{replica.now_ms()}, offers_{offers(replica)}, orders_{erasure::orders(replica.core())} {}

  void add(const retention::Due& due, std::vector<Standing>& out) const {
    // The newest offer that covers what is there up to its moment. What was written since is due again.
    const std::uint64_t held = erasure::held(replica_.core(), place_of(due.space, due.record, limit(due)));
    for (auto offer = offers_.rbegin(); offer != offers_.rend(); ++offer) {
      for (const Item& item : offer->items) {
        if (item.space != due.space || item.record != due.record) continue;
        const erasure::Order place = place_of(due.space, due.record, item.until_ms);
        if (basis_of(replica_, place) != item.basis) continue;
        const std::uint64_t covered = erasure::held(replica_.core(), place);
        if (covered == 0) continue;
        retention::Due old = due, rest = due;
        old.values = std::min(due.values, covered);
        rest.values = held - std::min(held, covered);
        push(old, *offer, item, out);
        if (rest.values > 0) out.push_back({rest, State::due, limit(rest)});
        return;
      }
    }
    out.push_back({due, State::due, limit(due)});
  }

 private:
  std::uint64_t limit(const retention::Due& due) const { return due.what == What::actors ? now_ - retention::actors_kept_ms : now_; }

  void push(const retention::Due& due, const Offer& offer, const Item& item, std::vector<Standing>& out) const {
    Standing standing{due, State::offered, item.until_ms, offer};
    const Answer answer = offer.answer_on(item);
    if (answer == Answer::taken) standing.state = State::taken;
    if (answer == Answer::declined) standing.state = State::declined;
    if (answer == Answer::none && offer.term_over(now_)) standing.state = State::term_over;
    if (due.what == What::consents && standing.state != State::offered) return;
    standing.order = ordered(orders_, item);
    if (standing.order) standing.state = State::ordered;
    out.push_back(std::move(standing));
  }

  Replica& replica_;
  std::uint64_t now_;
  std::vector<Offer> offers_;
  std::vector<erasure::Order> orders_;
};

}  // namespace

Answer Offer::answer_on(const Item& item) const {
  // Where two offices have entered two answers, the archive keeps it.
  if (contains(taken, item)) return Answer::taken;
  return contains(declined, item) ? Answer::declined : answer;
}

bool Offer::term_over(std::uint64_t now_ms) const { return months::day_of(now_ms) > decide_by; }

std::vector<Offer> offers(const Replica& replica) {
  std::vector<Offer> out;
  replica.scan(registry::kinds::archive_offer, [&](const RecordView& view) {
    if (auto offer = offer_of(view)) out.push_back(std::move(*offer));
    return true;
  });
  std::sort(out.begin(), out.end(), [](const Offer& a, const Offer& b) { return std::tie(a.offered_ms, a.id) < std::tie(b.offered_ms, b.id); });
  return out;
}

const char* name(State state) {
  switch (state) {
    case State::due: return "due";
    case State::offered: return "offered";
    case State::taken: return "taken";
    case State::declined: return "declined";
    case State::term_over: return "term_over";
    case State::ordered: return "ordered";
  }
  return "due";
}

std::vector<Standing> standings(Replica& replica) {
  std::vector<Standing> out;
  const Judge judge{replica};
  for (const retention::Due& due : retention::due(replica)) judge.add(due, out);
  return out;
}

Result<Made> offer(Replica& replica, const Wish& wish, const Actor& actor) {
  const registry::Kind& kind = *registry::find_kind(registry::kinds::archive_offer);
  if (auto good = registry::check(*registry::find_field(kind, fields::archive), wish.archive); !good) return good.error();
  if (wish.months < term_months || wish.months > term_months_max) return Error{Errc::invalid_input, "months"};
  const Space space = replica.space(replica.identity().member, collections::erasures);
  Made made{{kind.number, {}}};
  replica.random(made.id.key.bytes);
  Edit edit = replica.begin();
  const auto set = [&](std::uint32_t field, Value value) { edit.set(space, made.id, field, std::move(value)); };
  const std::uint64_t now = replica.now_ms();
  for (const Standing& standing : standings(replica)) {
    if (standing.state != State::due) continue;
    if (made.items == items_max) {
      ++made.left_over;
      continue;
    }
    Item item{standing.due.space, standing.due.record, standing.until_ms, {}};
    item.basis = basis_of(replica, place_of(item.space, item.record, item.until_ms));
    edit.add(space, made.id, fields::items, spelled(item));
    ++made.items;
  }
  if (made.items == 0) return Error{Errc::not_found, "due"};
  set(fields::archive, wish.archive);
  set(fields::offered_at, static_cast<std::int64_t>(now));
  set(fields::decide_by, day_after_months(now, wish.months));
  auto committed = replica.commit(edit, actor);
  if (!committed) return committed.error();
  return made;
}

Result<void> answer(Replica& replica, const Offer& offer, Answer answer, const std::string& day, const std::vector<Item>& items,
                    const Actor& actor) {
  if (!months::is_day(day) || months::is_future(day, replica.now_ms()) || day < months::day_of(offer.offered_ms)) {
    return Error{Errc::invalid_input, "day"};
  }
  Edit edit = replica.begin();
  const std::uint32_t into = answer == Answer::taken ? fields::taken : fields::declined;
  const std::uint32_t from = answer == Answer::taken ? fields::declined : fields::taken;
  for (const Item& item : items) {
    if (!contains(offer.items, item)) return Error{Errc::invalid_input, "record"};
    edit.remove(offer.space, offer.id, from, spelled(item));
    edit.add(offer.space, offer.id, into, spelled(item));
  }
  if (items.empty()) {
    edit.set(offer.space, offer.id, fields::answer, std::int64_t{answer == Answer::taken ? answers::taken : answers::declined});
    for (const Item& item : offer.taken) edit.remove(offer.space, offer.id, fields::taken, spelled(item));
    for (const Item& item : offer.declined) edit.remove(offer.space, offer.id, fields::declined, spelled(item));
  }
  edit.set(offer.space, offer.id, fields::answered_on, day);
  auto committed = replica.commit(edit, actor);
  if (!committed) return committed.error();
  return {};
}

Verdict judge(Replica& replica, const Space& space, const RecordId& record, const std::set<std::uint32_t>& wanted) {
  Verdict out;
  const auto what = retention::of_kind(record.kind);
  if (what == What::consents) return {Bar::permanent};
  std::optional<Standing> found;
  // Of names of acting persons, what the archive has had its time for may go although more is due.
  for (Standing& standing : standings(replica)) {
    if (standing.due.space != space || standing.due.record != record) continue;
    if (!found || found->state == State::due) found = std::move(standing);
  }
  if (!found) return {Bar::not_due};
  out.fields = retention::fields_of(found->due.what);
  out.offer = found->offer;
  const bool more = !out.fields.empty() && (wanted.empty() || !std::includes(out.fields.begin(), out.fields.end(), wanted.begin(), wanted.end()));
  if (more) {
    out.bar = Bar::fields;
  } else if (found->state == State::due) {
    out.bar = Bar::not_offered;
  } else if (found->state == State::offered) {
    out.bar = Bar::undecided;
  } else {
    out.until_ms = found->until_ms;
  }
  return out;
}

}  // namespace kiz::archive
