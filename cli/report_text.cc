#include "cli/report_text.h"

#include "cli/record_text.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
constexpr std::size_t labels = 34;

std::string figure(const Json& of) {
  const std::string mask = text_of(of, "mask");
  if (mask == "under_3") return "< 3";
  if (mask == "withheld") return tr("protected");
  const Json value = of.value("value", Json{});
  std::string text = value.is_number_integer() ? shown_number(value.get<std::int64_t>()) : "–";
  if (const auto n = number_of(of, "disputed"); n > 0) text += tr(", {} disputed left out", {shown_number(n)});
  if (const auto n = number_of(of, "unknown"); n > 0) text += tr(", {} not stated", {shown_number(n)});
  return text;
}

void heading(Output& out, const Json& data, const std::string& title) {
  out.line(title, Style::bold);
  if (is_true(data, "provisional")) out.line(tr("Provisional: not every month is locked."), Style::dim);
  if (is_true(data, "protected")) {
    out.line(tr("Numbers of one and two read \"< 3\"; others are protected where they would give those away."), Style::dim);
  }
}

// "14 von 17": with the names of those that are missing.
void render_handed_in(Output& out, const Json& returns) {
  out.pair(tr("Reported"), tr("{} of {}", {text_of(returns, "handed_in"), text_of(returns, "expected")}), labels);
  if (const auto names = text_of(returns, "missing"); !names.empty()) out.pair(tr("Missing"), names, labels);
}
}  // namespace

void render_stand(Output& out, const Json& data) {
  std::string never, old;
  for (const Json& one : list_of(data, "knowledge")) {
    if (text_of(one, "last").empty()) {
      never += (never.empty() ? "" : ", ") + member_label(one);
    } else if (number_of(one, "days") > 0) {
      old += (old.empty() ? "" : ", ") + member_label(one) + " " + shown_time(text_of(one, "last").substr(0, 10));
    }
  }
  if (!old.empty()) out.line(tr("Last heard of: {}", {old}), Style::dim);
  if (!never.empty()) out.line(tr("Nothing received yet from: {}", {never}), Style::dim);
}

void render_month_report(Output& out, const Json& data) {
  heading(out, data, text_of(data, "realm") + ", " + shown_month(text_of(data, "month")));
  const Json returns = data.value("returns", Json::object());
  if (returns.is_object()) render_handed_in(out, returns);
  out.line();
  for (const Json& measure : list_of(data, "measures")) {
    out.pair(text_of(measure, "label") + (is_true(measure, "stock") ? " " + tr("(on the day)") : ""), figure(measure), labels);
  }
  if (list_of(data, "measures").empty()) out.line(tr("Nothing entered."));
  const Json& unclear = list_of(data, "unclear");
  if (!unclear.empty()) out.line();
  for (const Json& one : unclear) {
    std::string values;
    for (const Json& value : list_of(one, "values")) {
      values += (values.empty() ? "" : " / ") + (value.is_object() ? text_of(value, "value") : plain(value));
    }
    out.line(tr("Unclear: {}, {}: {}", {member_label(one), text_of(one, "label"), values}), Style::warn);
  }
  const Json offers = data.value("offers", Json::object());
  out.line();
  out.pair(tr("Offers"), tr("{} active, {} new, {} ended", {text_of(offers, "active"), text_of(offers, "new"), text_of(offers, "ended")}),
           labels);
  for (const Json& consent : list_of(data, "consents")) {
    out.pair(text_of(consent, "title"), text_of(consent.value("summary", Json::object()), "text"), labels);
  }
  render_stand(out, data);
}

void render_returns(Output& out, const Json& data) {
  heading(out, data, tr("Returns for {}, {}", {shown_month(text_of(data, "month")), text_of(data, "realm")}));
  out.line(tr("{} of {} handed in; due on {}.", {text_of(data, "handed_in"), text_of(data, "expected"), shown_time(text_of(data, "due_on"))}));
  std::vector<std::vector<std::string>> rows;
  for (const Json& member : list_of(data, "members")) {
    std::string state = return_word(text_of(member, "state"));
    if (is_true(member, "conflict")) state += tr(", disputed");
    if (is_true(member, "paper")) state += tr(", on paper");
    const auto late = number_of(member, "days_late");
    rows.push_back({member_label(member), state, shown_time(text_of(member, "reported_at").substr(0, 10)),
                    late > 0 ? shown_number(late) : ""});
  }
  out.table({{tr("Municipality"), false, 8}, {tr("State"), false, 8}, {tr("Reported"), false, 10, true}, {tr("Days late"), true, 4, true}},
            rows);
  render_stand(out, data);
}

void render_offer_report(Output& out, const Json& data) {
  heading(out, data, tr("Register of offers, {}", {text_of(data, "realm")}));
  out.line(trn("{} offer, {} not confirmed for 180 days", "{} offers, {} not confirmed for 180 days", static_cast<unsigned long>(number_of(data, "count")), {text_of(data, "overdue")}));
  for (const Json& member : list_of(data, "members")) {
    out.line();
    out.line(member_label(member) + " (" + std::to_string(list_of(member, "offers").size()) + ")", Style::bold);
    std::vector<std::vector<std::string>> rows;
    for (const Json& offer : list_of(member, "offers")) {
      rows.push_back({text_of(offer, "ref"), text_of(offer, "title"), field_text("offer", "kind", offer.value("kind", Json{})),
                      is_true(offer, "overdue") ? tr("to confirm") : ""});
    }
    out.table({{"", false, 5, true}, {"", false, 14}, {"", false, 8}, {"", false, 8}}, rows);
  }
  render_stand(out, data);
}

void render_consent_report(Output& out, const Json& data) {
  heading(out, data, tr("Consents, {}", {text_of(data, "realm")}));
  for (const Json& subject : list_of(data, "subjects")) {
    out.line();
    const Json summary = subject.value("summary", Json::object());
    out.line(text_of(subject, "ref") + "  " + text_of(subject, "title"), Style::bold);
    out.line(text_of(summary, "text"), Style::plain, 2);
    std::vector<std::vector<std::string>> rows;
    for (const Json& member : list_of(subject, "members")) {
      rows.push_back({member_label(member), consent_word(text_of(member, "state")), shown_time(text_of(member, "decided_on"))});
    }
    if (!rows.empty()) out.table({{tr("Town"), false, 8}, {tr("State"), false, 8}, {tr("Decided on"), false, 10, true}}, rows);
  }
  if (list_of(data, "subjects").empty()) out.line(tr("No consent is asked for."));
  render_stand(out, data);
}

}  // namespace kiz::cli
