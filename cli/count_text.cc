#include "cli/count_text.h"

#include "cli/record_text.h"
#include "cli/text.h"
#include "libclient/field_text.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
std::string dimensions(const Json& count) {
  const auto form = language() == "de" ? field_text::Form::screen_german : field_text::Form::screen_english;
  std::string all;
  for (const auto& part : registry::find_kind(registry::kinds::count)->key) {
    if (part.name == "ags" || part.name == "period" || part.name == "measure" || part.name == "origin_key") continue;
    const std::string text = text_of(count, std::string{part.name}.c_str());
    if (!text.empty() && text != "*") all += (all.empty() ? "" : ", ") + field_text::show_key_part(part, text, form);
  }
  return all;
}

std::string measure(const Json& count) {
  const std::string label = text_of(count, "label");
  return label.empty() ? text_of(count, "measure") : label;
}

void render_totals(Output& out, const Json& totals) {
  for (const Json& total : totals) {
    const Json value = total.value("value", Json{});
    std::string text = value.is_number_integer() ? shown_number(value.get<std::int64_t>()) : "–";
    if (is_true(total, "stock") && !text_of(total, "as_of").empty()) text += " (" + shown_month(text_of(total, "as_of")) + ")";
    if (const auto n = number_of(total, "disputed"); n > 0) text += tr(", {} disputed left out", {shown_number(n)});
    if (const auto n = number_of(total, "unknown"); n > 0) text += tr(", {} not stated", {shown_number(n)});
    out.pair(measure(total), text, 32);
  }
}
}  // namespace

std::string count_label(const Json& count) {
  const std::string group = dimensions(count);
  return measure(count) + (group.empty() ? "" : " (" + group + ")");
}

std::string count_value(const Json& count) {
  const Json& values = list_of(count, "values");
  if (values.size() > 1) {
    std::string all;
    for (const Json& value : values) all += (all.empty() ? "" : " / ") + text_of(value, "value");
    return all + " " + tr("(disputed)");
  }
  if (text_of(count, "reading") == "unknown" || is_true(count, "unknown")) return tr("cannot be stated");
  const Json value = count.value("value", Json{});
  return value.is_number_integer() ? shown_number(value.get<std::int64_t>()) : tr("(empty)");
}

std::string month_state(const Json& of_return) {
  std::string text = member_label(of_return) + ", " + shown_month(text_of(of_return, "month")) + ": " +
                     return_word(text_of(of_return, "state"));
  if (const auto revision = number_of(of_return, "revision"); revision > 1) text += tr(", version {}", {std::to_string(revision)});
  if (is_true(of_return, "conflict")) text += tr(", disputed");
  if (is_true(of_return, "changed_since")) text += tr(", changed since");
  if (is_true(of_return, "paper")) text += tr(", on paper");
  return text;
}

void render_entered(Output& out, const Json& data) {
  for (const Json& count : list_of(data, "counts")) {
    out.pair(count_label(count), count_value(count), 40);
  }
  if (data.contains("return") && data["return"].is_object()) out.line(month_state(data["return"]), Style::dim);
}

void render_counts(Output& out, const Json& data) {
  const Json &counts = list_of(data, "counts"), &returns = list_of(data, "returns");
  out.line(shown_month(text_of(data, "period")), Style::bold);
  for (const Json& one : returns) out.line(month_state(one));
  if (counts.empty()) return out.line(tr("Nothing entered."));
  std::vector<std::vector<std::string>> rows;
  for (const Json& count : counts) {
    rows.push_back({measure(count), dimensions(count), count_value(count), member_label(count)});
  }
  out.line();
  out.table({{tr("Measure"), false, 12}, {tr("Group"), false, 10}, {tr("Number"), true, 6, true}, {tr("Member"), false, 6}}, rows);
  if (counts.size() > 1) {
    out.line();
    out.line(tr("Total"), Style::bold);
    render_totals(out, list_of(data, "totals"));
    render_totals(out, list_of(data, "totals_of_year"));
  }
}

void render_missing(Output& out, const Json& data) {
  const Json &missing = list_of(data, "missing"), &cells = list_of(data, "cells");
  out.line(tr("{}: {} of {} have reported", {shown_month(text_of(data, "month")), text_of(data, "handed_in"), text_of(data, "expected")}),
           Style::bold);
  if (missing.empty() && cells.empty()) return out.line(tr("Nothing is missing."), Style::good);
  for (const Json& one : missing) out.line(month_state(one), Style::plain, 2);
  if (!cells.empty()) out.line(tr("Entered the month before, and not this time:"));
  for (const Json& cell : cells) out.line(plain(cell), Style::plain, 2);
}

void render_month_states(Output& out, const Json& data) {
  if (data.contains("return") && data["return"].is_object()) out.line(month_state(data["return"]));
  for (const Json& one : list_of(data, "returns")) out.line(month_state(one));
}

}  // namespace kiz::cli
