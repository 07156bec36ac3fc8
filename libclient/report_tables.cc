// Reports as tables: CSV for spreadsheets, one simple HTML page for reading and printing.

#include "libclient/months.h"
#include "libclient/reports.h"
#include "libclient/safe_text.h"
#include "libclient/shown.h"
#include "libclient/translate.h"
#include "libclient/xlsx.h"
#include "protocol/registry.h"

namespace kiz::reports {
namespace {

csv::Out cell(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return {value.get<std::string>(), false};
  if (value.is_boolean()) return {value.get<bool>() ? tr("yes") : tr("no"), true};
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += (out.empty() ? "" : ", ") + cell(item).text;
    return {std::move(out), false};
  }
  return {value.dump(), true};
}

csv::Out words(std::string text) { return {std::move(text), false}; }

/// A number, or what stands in its place.
csv::Out figure(const Json& part) {
  const auto mask = part.value("mask", std::string{"shown"});
  if (mask == "under_3") return {"< 3", true};
  if (mask == "withheld") return {tr("protected"), true};
  if (part["value"].is_null()) return {};
  return cell(part["value"]);
}

std::string remark(const Json& part) {
  std::string out;
  const auto add = [&](std::string text) { out += (out.empty() ? "" : "; ") + std::move(text); };
  const auto disputed = part.value("disputed", std::size_t{0}), unknown = part.value("unknown", std::size_t{0});
  if (disputed > 0) add(trn("{} number is unclear", "{} numbers are unclear", disputed, {std::to_string(disputed)}));
  if (unknown > 0) add(trn("{} number is not known", "{} numbers are not known", unknown, {std::to_string(unknown)}));
  if (part.value("mixed", false)) add(tr("broken down in ways that do not agree"));
  if (!part.value("additive", true)) add(tr("cannot be added up"));
  return out;
}

std::string label_of_dimension(const std::string& name, bool german) {
  for (const registry::KeyPart& part : registry::find_kind(registry::kinds::count)->key) {
    if (part.name == name) return std::string(german ? part.label_de : part.label_en);
  }
  return name;
}

void add_knowledge(Table& out, const Json& report) {
  for (const Json& one : report.value("knowledge", Json::array())) {
    const auto name = one["member_name"].get<std::string>();
    if (one["days"].is_null()) {
      out.notes.push_back(tr("State of knowledge: nothing received from {} yet.", {name}));
    } else if (const auto days = one["days"].get<unsigned long>(); days > 0) {
      out.notes.push_back(trn("State of knowledge: newest from {2} {1} day ago.", "State of knowledge: newest from {2} {1} days ago.",
                              days, {std::to_string(days), name}));
    }
  }
}

Table month_table(const Json& report, bool german) {
  Table out;
  out.title = tr("Monthly report {}, {}", {shown_month(report["month"].get<std::string>()), report["realm"].get<std::string>()});
  out.header = {tr("Measure"), tr("Broken down by"), tr("Key"), tr("Name"), tr("Number"), tr("Remark")};
  if (report["protected"].get<bool>()) {
    out.notes.push_back(tr("Numbers of one and two read \"< 3\"; others are protected where they would give those away."));
  }
  if (report["provisional"].get<bool>()) out.notes.push_back(tr("Provisional: not every month is locked."));
  for (const Json& measure : report["measures"]) {
    const csv::Out label = cell(measure["label"]);
    out.rows.push_back({label, words(tr("total")), {}, words(report["realm"].get<std::string>()), figure(measure), words(remark(measure))});
    for (const Json& part : measure["by_member"]) {
      out.rows.push_back({label, words(tr("municipality")), cell(part["member"]), cell(part["member_name"]), figure(part), words(remark(part))});
    }
    for (const auto& [dimension, parts] : measure["by"].items()) {
      for (const Json& part : parts) {
        out.rows.push_back({label, words(label_of_dimension(dimension, german)), cell(part["key"]), cell(part["label"]), figure(part), {}});
      }
    }
  }
  for (const Json& one : report["unclear"]) {
    std::string both;
    if (one["values"].is_array()) {
      for (const Json& value : one["values"]) both += (both.empty() ? "" : " | ") + cell(value["value"]).text;
    }
    out.rows.push_back({cell(one["label"]), words(tr("unclear")), cell(one["member"]), cell(one["member_name"]), words(both), cell(one["cell"])});
  }
  const Json& offers = report["offers"];
  for (const auto& [key, text] : {std::pair{"active", tr("active")}, std::pair{"new", tr("new")}, std::pair{"ended", tr("ended")},
                                  std::pair{"confirmed", tr("confirmed")}, std::pair{"overdue", tr("not confirmed for 180 days")}}) {
    out.rows.push_back({words(tr("Offers")), words(text), {}, {}, cell(offers[key]), {}});
  }
  for (const Json& consent : report["consents"]) {
    out.rows.push_back({words(tr("Consent")), cell(consent["title"]), cell(consent["ref"]), {}, cell(consent["summary"]["granted"]),
                        cell(consent["summary"]["text"])});
  }
  for (const Json& name : report["returns"]["missing"]) {
    out.notes.push_back(tr("{} has not handed in the month.", {name.get<std::string>()}));
  }
  add_knowledge(out, report);
  return out;
}

std::string state_word(const std::string& state) {
  if (state == "open") return tr("open");
  if (state == "reported") return tr("handed in");
  if (state == "queried") return tr("queried");
  if (state == "accepted") return tr("accepted");
  if (state == "locked") return tr("locked");
  if (state == "corrected_after_lock") return tr("corrected after lock");
  return tr("missing");
}

Table returns_table(const Json& report) {
  Table out;
  out.title = tr("Returns for {}, {}", {shown_month(report["month"].get<std::string>()), report["realm"].get<std::string>()});
  out.header = {tr("Key"), tr("Municipality"), tr("State"), tr("Revision"), tr("Handed in"), tr("Days late"), tr("On paper"), tr("Last heard")};
  out.notes.push_back(tr("{} of {} handed in; due on {}.", {cell(report["handed_in"]).text, cell(report["expected"]).text,
                                                            shown_time(report["due_on"].get<std::string>())}));
  for (const Json& one : report["members"]) {
    out.rows.push_back({cell(one["member"]), cell(one["member_name"]), words(state_word(one["state"].get<std::string>())),
                        cell(one["revision"]), cell(one["reported_at"]), cell(one["days_late"]), cell(one["paper"]), cell(one["last"])});
  }
  return out;
}

Table offers_table(const Json& report, bool german) {
  Table out;
  out.title = tr("Register of offers, {}", {report["realm"].get<std::string>()});
  const registry::Kind& kind = *registry::find_kind(registry::kinds::offer);
  std::vector<std::string> names;
  out.header = {tr("Municipality"), tr("Reference")};
  for (const registry::Field& field : kind.fields) {
    const std::string name(field.name);
    bool used = false;
    for (const Json& member : report["members"]) {
      for (const Json& offer : member["offers"]) used = used || offer.contains(name);
    }
    if (!used) continue;
    names.push_back(name);
    out.header.emplace_back(german ? field.label_de : field.label_en);
  }
  for (const Json& member : report["members"]) {
    for (const Json& offer : member["offers"]) {
      std::vector<csv::Out> row{cell(member["member_name"]), cell(offer["ref"])};
      for (const std::string& name : names) row.push_back(offer.contains(name) ? cell(offer[name]) : csv::Out{});
      out.rows.push_back(std::move(row));
    }
  }
  add_knowledge(out, report);
  return out;
}

std::string consent_word(const std::string& state) {
  if (state == "requested") return tr("requested");
  if (state == "deliberating") return tr("deliberating");
  if (state == "granted") return tr("granted");
  if (state == "granted_with_conditions") return tr("granted with conditions");
  if (state == "refused") return tr("refused");
  if (state == "withdrawn") return tr("withdrawn");
  if (state == "superseded") return tr("superseded");
  if (state == "disputed") return tr("disputed");
  return tr("open");
}

std::string state_of_consent(const Json& one) {
  const std::string state = consent_word(one["state"].get<std::string>());
  if (!one.contains("paper") || one["paper"].is_null()) return state;
  return state + " " + tr("(on paper: {})", {consent_word(one["paper"]["state"].get<std::string>())});
}

Table consents_table(const Json& report) {
  Table out;
  out.title = tr("Consents, {}", {report["realm"].get<std::string>()});
  out.header = {tr("Subject"), tr("Title"), tr("Key"), tr("Municipality"), tr("State"), tr("Decided on"), tr("Reference"), tr("Conditions")};
  for (const Json& subject : report["subjects"]) {
    out.notes.push_back(subject["title"].get<std::string>() + ": " + subject["summary"]["text"].get<std::string>());
    for (const Json& one : subject["members"]) {
      out.rows.push_back({cell(subject["ref"]), cell(subject["title"]), cell(one["member"]), cell(one["member_name"]),
                          words(state_of_consent(one)), cell(one["decided_on"]), cell(one["reference"]),
                          cell(one["conditions"])});
    }
  }
  add_knowledge(out, report);
  return out;
}

}  // namespace

Table table(const Json& report, bool german) {
  const auto name = report["report"].get<std::string>();
  if (name == "month") return month_table(report, german);
  if (name == "returns") return returns_table(report);
  if (name == "offers") return offers_table(report, german);
  return consents_table(report);
}

std::string to_csv(const Table& table, const csv::Dialect& dialect) {
  std::string out = csv::begin(dialect);
  std::vector<csv::Out> header;
  for (const std::string& name : table.header) header.push_back({name, false});
  csv::append(out, header, dialect);
  for (const auto& row : table.rows) csv::append(out, row, dialect);
  return out;
}

Result<std::string> to_xlsx(const Table& table) {
  xlsx::Sheet sheet{table.title, table.header, table.rows, {table.title}, tr("Remarks")};
  sheet.notes.insert(sheet.notes.end(), table.notes.begin(), table.notes.end());
  return xlsx::write(sheet);
}

std::string to_html(const Table& table, bool german) {
  const std::string title = safe_text::html(table.title);
  std::string out = "<!doctype html>\n<html lang=\"" + std::string(german ? "de" : "en") +
                    "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>" + title +
                    "</title>\n<style>body{font:1rem/1.5 sans-serif;margin:2rem}table{border-collapse:collapse}"
                    "td,th{border:1px solid #767676;padding:.2rem .5rem;text-align:left;vertical-align:top}</style>\n"
                    "</head>\n<body>\n<main>\n<h1>" + title + "</h1>\n";
  for (const std::string& note : table.notes) out += "<p>" + safe_text::html(note) + "</p>\n";
  out += "<table>\n<caption>" + title + "</caption>\n<thead><tr>";
  for (const std::string& name : table.header) out += "<th scope=\"col\">" + safe_text::html(name) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (const csv::Out& cell : row) out += "<td>" + safe_text::html(cell.text) + "</td>";
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</main>\n</body>\n</html>\n";
}

}  // namespace kiz::reports
