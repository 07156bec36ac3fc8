#include "cli/record_text.h"

#include <algorithm>

#include "cli/text.h"
#include "libclient/places.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
constexpr std::size_t labels = 20;

// What stands in the head of a record and not among its fields.
bool is_head(const std::string& key) {
  for (const char* head : {"ref", "id", "member", "member_name", "title", "kind_of_record", "conflicts", "disputed",
                           "overwritten", "exists", "deleted", "space", "overdue", "unknown_fields"}) {
    if (key == head) return true;
  }
  return false;
}

// "name=value, ..." of a nested object, such as translations.
void render_nested(Output& out, const std::string& kind, const std::string& prefix, const Json& object) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + "." + key;
    if (value.is_object()) {
      render_nested(out, kind, name, value);
    } else if (!plain(value).empty()) {
      out.pair(field_label(kind, name), field_text(kind, name, value), labels);
    }
  }
}

std::string subject_of(const Json& conflict) {
  const Json record = conflict.value("record", Json{});
  std::string what = text_of(conflict, "record_ref");
  if (what.empty()) what = plain(record);
  const std::string title = text_of(conflict, "title");
  return named(what, title == what ? std::string{} : title);
}

// One of the values that stand side by side.
std::string value_words(const std::string& kind, const std::string& field, const Json& value) {
  std::string text = text_of(value, "label");
  if (text.empty()) text = field_text(kind, field, value.value("value", Json{}));
  if (!value.value("known", true)) return tr("(unknown)");
  return text.empty() ? tr("(empty)") : text;
}

std::string kind_of(const Json& conflict) {
  for (const char* key : {"kind", "record_kind"}) {
    if (const auto kind = text_of(conflict, key); !kind.empty()) return kind;
  }
  const Json record = conflict.value("record", Json{});
  return record.is_object() ? text_of(record, "kind") : std::string{};
}
}  // namespace

std::string member_label(const std::string& member, const std::string& name) {
  return !name.empty() || member.empty() ? name : places::display_name(member);
}

std::string member_label(const Json& record) { return member_label(text_of(record, "member"), text_of(record, "member_name")); }

std::string origin(const Json& value) {
  std::string text = member_label(value);
  const auto add = [&text](const std::string& more) {
    if (!more.empty()) text += (text.empty() ? "" : ", ") + more;
  };
  add(text_of(value, "device"));
  add(text_of(value, "actor"));
  add(shown_time(text_of(value, "time")));
  return text;
}

void render_record(Output& out, const std::string& kind, const Json& record) {
  out.line(text_of(record, "ref") + "  " + text_of(record, "title"), Style::bold);
  if (const auto member = member_label(record); !member.empty()) out.pair(tr("Member"), member, labels);
  for (const auto& [key, value] : record.items()) {
    if (is_head(key)) continue;
    if (value.is_object()) {
      render_nested(out, kind, key, value);
    } else if (!plain(value).empty()) {
      out.pair(field_label(kind, key), field_text(kind, key, value), labels);
    }
  }
  for (const Json& dispute : list_of(record, "disputed")) {
    std::string all;
    for (const Json& value : list_of(dispute, "values")) all += (all.empty() ? "" : " / ") + value_words(kind, text_of(dispute, "field"), value);
    out.pair(field_label(kind, text_of(dispute, "field")), all + " " + tr("(disputed)"), labels, Style::warn);
  }
  // Erased, or not here: not the same as never entered.
  for (const Json& field : list_of(record, "unknown_fields")) out.pair(field_label(kind, plain(field)), tr("(unknown)"), labels, Style::dim);
  for (const Json& lost : list_of(record, "overwritten")) {
    const std::string field = text_of(lost, "field");
    out.line(tr("Overwritten at the same time: {} was {} ({})",
                {field_label(kind, field), value_words(kind, field, lost), origin(lost)}),
             Style::dim);
  }
}

std::string consent_word(const std::string& state) {
  if (state == "disputed") return tr("disputed");
  if (state == "requested") return tr("requested");
  if (state == "open" || state == "not_asked") return tr("open");
  if (state == "superseded") return tr("superseded");
  return field_text("consent", "state", state);
}

std::string return_word(const std::string& state) {
  if (state == "missing") return tr("nothing entered");
  if (state == "open") return tr("open");
  if (state == "reported") return tr("reported");
  if (state == "queried") return tr("queried");
  if (state == "accepted") return tr("accepted");
  if (state == "locked") return tr("locked");
  if (state == "corrected_after_lock") return tr("corrected after the lock");
  return state;
}

void render_history(Output& out, const std::string& kind, const Json& data) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& step : list_of(data, data.contains("steps") ? "steps" : "history")) {
    const std::string field = text_of(step, "field");
    std::string who = text_of(step, "actor");
    const std::string where = member_label(step);
    who = who.empty() ? where : who + " (" + where + ")";
    const Json value = step.value("value", Json{});
    std::string shown = !step.value("known", true) ? tr("(unknown)") : value.is_null() ? text_of(step, "mode") : field_text(kind, field, value);
    rows.push_back({shown_time(text_of(step, "time")), field_label(kind, field), shown, who});
  }
  out.table({{tr("When"), false, 16, true}, {tr("Field"), false, 8}, {tr("Value"), false, 10}, {tr("By"), false, 8}}, rows);
}

void render_conflict(Output& out, const Json& conflict) {
  const std::string ref = text_of(conflict, "ref"), field = text_of(conflict, "field"), kind = kind_of(conflict);
  const Json& values = list_of(conflict, "values");
  const std::string about = subject_of(conflict);
  out.line(ref + "  " + about, Style::bold);
  if (text_of(conflict, "field") == "existence") {
    out.line(tr("Deleted on one side and changed on the other, at the same time."), Style::plain, 2);
  } else {
    out.line(trn("{} value stands in the field \"{}\":", "{} values stand side by side in the field \"{}\":", values.size(),
                 {field_label(kind, field)}),
             Style::plain, 2);
  }
  std::size_t n = 0;
  for (const Json& value : values) {
    out.line(std::to_string(++n) + "  " + value_words(kind, field, value), Style::warn, 4);
    out.line(origin(value), Style::dim, 7);
  }
  if (!values.empty()) out.line(tr("Settle it: kiz conflict resolve {} --take 1", {ref}));
}

}  // namespace kiz::cli
