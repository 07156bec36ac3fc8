#include "libclient/month_return.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "protocol/registry.h"

namespace kiz::month_return {
namespace {

namespace rf = registry::fields::month_return;
namespace vf = registry::fields::return_review;

struct AgsAndMonth {
  std::string ags, month;
};

std::optional<AgsAndMonth> key_of(const RecordView& record) {
  const registry::Kind* kind = registry::find_kind(record.id.kind);
  if (kind == nullptr || !record.exists()) return std::nullopt;
  const auto parts = registry::split_natural_key(*kind, record.text(registry::fields::key));
  if (parts.size() != 2) return std::nullopt;
  return AgsAndMonth{parts[0], parts[1]};
}

std::optional<Hash> digest_of(const RecordView& record, std::uint32_t field) {
  const auto value = record.value(field);
  const auto* bytes = value ? std::get_if<Bytes>(&*value) : nullptr;
  if (bytes == nullptr || bytes->size() != Hash::size_bytes) return std::nullopt;
  return Hash::from(*bytes);
}

std::uint64_t instant_of(const RecordView& record, std::uint32_t field) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(record.number(field).value_or(0), 0));
}

template <class Each>
void each_text(const RecordView& record, std::uint32_t field, Each each) {
  const FieldView* set = record.field(field);
  if (set == nullptr) return;
  for (const CellView& cell : set->cells) {
    const auto* text = cell.value ? as_text(*cell.value) : nullptr;
    if (text != nullptr) each(*text, cell);
  }
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto comma = text.find(", ");
    out.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 2);
  }
  return out;
}

State state_of(const Return& town, const Review* kreis, const Standing& so_far) {
  const bool accepted = kreis != nullptr && kreis->accepted_at_ms != 0 && town.digest &&
                        kreis->accepted_revision == town.revision && kreis->accepted_digest == town.digest;
  if (kreis != nullptr && kreis->locked) {
    return accepted && !so_far.changed_since ? State::locked : State::corrected_after_lock;
  }
  if (!so_far.open_queries.empty()) return State::queried;
  // Numbers that moved after an acceptance without a lock are a revision in the making, not an accepted one.
  return accepted && !so_far.changed_since ? State::accepted : State::reported;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::missing: return "missing";
    case State::open: return "open";
    case State::reported: return "reported";
    case State::queried: return "queried";
    case State::accepted: return "accepted";
    case State::locked: return "locked";
    case State::corrected_after_lock: return "corrected_after_lock";
  }
  return "missing";
}

bool handed_in(State state) { return state != State::missing && state != State::open; }

std::string Query::encode() const {
  std::string out = "r" + std::to_string(revision);
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? " [" : ", ") + cells[i];
  if (!cells.empty()) out += ']';
  return out + ": " + text;
}

Query Query::decode(std::string_view encoded) {
  Query plain;
  plain.revision = std::numeric_limits<std::int64_t>::max();
  plain.text = std::string(encoded);
  if (!encoded.starts_with('r')) return plain;
  Query query;
  const char* end = encoded.data() + encoded.size();
  const auto number = std::from_chars(encoded.data() + 1, end, query.revision);
  if (number.ec != std::errc{} || query.revision < 0) return plain;
  std::string_view rest(number.ptr, static_cast<std::size_t>(end - number.ptr));
  if (rest.starts_with(" [")) {
    const auto close = rest.find("]: ");
    if (close == std::string_view::npos) return plain;
    query.cells = split_list(rest.substr(2, close - 2));
    rest.remove_prefix(close + 1);
  }
  if (!rest.starts_with(": ")) return plain;
  query.text = std::string(rest.substr(2));
  return query;
}

std::optional<Return> read_return(const RecordView& record) {
  auto key = key_of(record);
  if (!key) return std::nullopt;
  Return out;
  out.ags = std::move(key->ags);
  out.month = std::move(key->month);
  const FieldView* state = record.field(rf::state);
  out.disputed = state != nullptr && state->disputed();
  out.state = record.number(rf::state);
  out.revision = record.number(rf::revision).value_or(0);
  out.digest = digest_of(record, rf::digest);
  out.reported_at_ms = instant_of(record, rf::reported_at);
  out.explanation = record.text(rf::explanation);
  each_text(record, rf::complete, [&](const std::string& text, const CellView&) { out.complete.push_back(text); });
  std::sort(out.complete.begin(), out.complete.end());
  for (const FieldView& field : record.fields) {
    for (const CellView& cell : field.cells) out.newest = std::max(out.newest, cell.hlc);
  }
  return out;
}

std::optional<Review> read_review(const RecordView& record) {
  auto key = key_of(record);
  if (!key) return std::nullopt;
  Review out;
  out.ags = std::move(key->ags);
  out.month = std::move(key->month);
  out.received_at_ms = instant_of(record, vf::received_at);
  out.accepted_at_ms = instant_of(record, vf::accepted_at);
  out.accepted_revision = record.number(vf::accepted_revision).value_or(0);
  out.accepted_digest = digest_of(record, vf::accepted_digest);
  out.locked = record.number(vf::locked).value_or(0) != 0;
  out.reopened_reason = record.text(vf::reopened_reason);
  each_text(record, vf::accepted_values,
            [&](const std::string& text, const CellView&) { out.accepted_lines.push_back(text); });
  std::sort(out.accepted_lines.begin(), out.accepted_lines.end());
  each_text(record, vf::queries, [&](const std::string& text, const CellView& cell) {
    out.queries.push_back(Query::decode(text));
    out.queries.back().asked = cell.hlc;
  });
  std::sort(out.queries.begin(), out.queries.end(), [](const Query& a, const Query& b) {
    return std::tie(a.asked, a.text) < std::tie(b.asked, b.text);
  });
  return out;
}

Standing standing(const Return* town, const Review* kreis, std::span<const counts::Count> counts) {
  Standing out;
  std::vector<counts::Count> own;
  for (const counts::Count& count : counts) {
    if (count.paper) {
      out.paper = out.paper || !count.replaced;
      continue;
    }
    out.conflict = out.conflict || count.reading == counts::Reading::disputed;
    own.push_back(count);
  }
  const bool any = std::any_of(own.begin(), own.end(),
                               [](const auto& count) { return count.reading != counts::Reading::empty; });
  out.paper = out.paper && !any;
  if (town == nullptr || (town->revision == 0 && !town->state && !town->disputed)) {
    out.state = any ? State::open : State::missing;
    return out;
  }
  out.revision = town->revision;
  out.conflict = out.conflict || town->disputed;
  const bool closed =
      town->state == registry::return_state::reported || town->state == registry::return_state::corrected || town->disputed;
  if (!closed) {
    out.state = any || town->state ? State::open : State::missing;
    return out;
  }
  out.changed_since = town->digest != counts::digest(own);
  if (kreis != nullptr) {
    std::copy_if(kreis->queries.begin(), kreis->queries.end(), std::back_inserter(out.open_queries),
                 [&](const Query& query) { return query.revision >= town->revision; });
  }
  out.state = state_of(*town, kreis, out);
  return out;
}

std::vector<counts::Count> reported_counts(const Review* kreis, std::vector<counts::Count> counts) {
  if (kreis == nullptr || !kreis->locked || kreis->accepted_at_ms == 0) return counts;
  std::map<std::string, std::string> accepted;  // key -> number, empty when unknown
  for (const std::string& line : kreis->accepted_lines) {
    const auto cut = line.rfind('\x1f');
    if (cut != std::string::npos) accepted.emplace(line.substr(0, cut), line.substr(cut + 1));
  }
  std::vector<counts::Count> out;
  const auto take = [&](counts::Count count, const std::string& number) {
    count.candidates.clear();
    count.value = 0;
    const auto read = std::from_chars(number.data(), number.data() + number.size(), count.value);
    count.reading = read.ec == std::errc{} ? counts::Reading::stated : counts::Reading::unknown;
    out.push_back(std::move(count));
  };
  for (counts::Count& count : counts) {
    if (count.paper) {
      out.push_back(std::move(count));
      continue;
    }
    const auto key = counts::key_text(count.key);
    const auto at = key ? accepted.find(*key) : accepted.end();
    if (at == accepted.end()) continue;
    take(std::move(count), at->second);
    accepted.erase(at);
  }
  for (const auto& [key_text, number] : accepted) {
    counts::Count gone;
    if (const auto key = counts::parse_key(key_text)) {
      gone.key = *key;
      take(std::move(gone), number);
    }
  }
  return out;
}

}  // namespace kiz::month_return
