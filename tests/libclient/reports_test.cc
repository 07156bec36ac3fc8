#include "libclient/reports.h"

#include <doctest/doctest.h>

#include "libclient/report_figures.h"

using namespace kiz;
using namespace kiz::reports;

namespace {

const std::vector<std::string> members{"05554004", "05554008", "05554012"};

counts::Count count(std::string measure, std::string ags, std::int64_t value, std::string school = {}, std::string age = {}) {
  counts::Count out;
  out.key.ags = std::move(ags);
  out.key.period = "2026-10";
  out.key.measure = std::move(measure);
  out.key.school_type = std::move(school);
  out.key.age_band = std::move(age);
  out.reading = counts::Reading::stated;
  out.value = value;
  return out;
}

std::string shown(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts) {
    out += out.empty() ? "" : " ";
    out += !part.value ? "-" : part.mask == protection::Mask::shown ? std::to_string(*part.value)
                           : part.mask == protection::Mask::under_3 ? "<3" : "*";
  }
  return out;
}

}  // namespace

TEST_CASE("figures: every member has its part, those that stated nothing too") {
  const std::vector<counts::Count> all{count("arrived", members[0], 6), count("arrived", members[2], 4)};
  const auto of = figures(all, members, "05554", false);
  REQUIRE(of.size() == 1);
  CHECK(of[0].total.value == 10);
  CHECK(shown(of[0].by_member) == "6 - 4");
}

TEST_CASE("figures: a number for the whole area counts only where no town states it") {
  const std::vector<counts::Count> area{count("residents_foreign", "05554", 6610)};
  CHECK(figures(area, members, "05554", false)[0].total.value == 6610);
  const std::vector<counts::Count> both{area[0], count("residents_foreign", members[0], 100)};
  CHECK(figures(both, members, "05554", false)[0].total.value == 100);
}

TEST_CASE("figures: parts by dimension come from the breakdown that covers most people") {
  const std::vector<counts::Count> all{count("placed", members[0], 10), count("placed", members[0], 6, "grundschule"),
                                       count("placed", members[0], 3, "grundschule", "6-9"), count("placed", members[1], 5, "kita")};
  const auto of = figures(all, members, "05554", false);
  CHECK(of[0].total.value == 15);
  REQUIRE(of[0].by_dimension.size() == 2);
  CHECK(of[0].by_dimension[0].first == "age_band");
  CHECK(shown(of[0].by_dimension[0].second) == "3");
  CHECK(shown(of[0].by_dimension[1].second) == "6 5");
}

TEST_CASE("figures: what is protected cannot be computed from the total") {
  const std::vector<counts::Count> all{count("arrived", members[0], 1), count("arrived", members[1], 9),
                                       count("arrived", members[2], 20)};
  const auto of = figures(all, members, "05554", true);
  CHECK(shown(of[0].by_member) == "<3 * 20");
  CHECK(of[0].mask == protection::Mask::shown);
  const auto again = figures(all, members, "05554", true);
  CHECK(shown(again[0].by_member) == shown(of[0].by_member));
}

TEST_CASE("figures: medians are not added, and not shown by town to others") {
  const std::vector<counts::Count> all{count("waiting_days_median", members[0], 20), count("waiting_days_median", members[1], 30)};
  const auto of = figures(all, members, "05554", true);
  CHECK_FALSE(of[0].total.value.has_value());
  CHECK(of[0].by_member[0].mask == protection::Mask::withheld);
}

TEST_CASE("figures: unclear numbers are named and left out") {
  std::vector<counts::Count> all{count("arrived", members[0], 6), count("arrived", members[1], 0)};
  all[1].reading = counts::Reading::disputed;
  const auto of = figures(all, members, "05554", false);
  CHECK(of[0].total.value == 6);
  CHECK(of[0].by_member[1].disputed == 1);
  CHECK_FALSE(of[0].by_member[1].value.has_value());
}

TEST_CASE("tables: text from data is harmless in CSV and HTML") {
  Table table;
  table.title = "Bericht <1>";
  table.notes = {"a & b"};
  table.header = {"Name", "Zahl"};
  table.rows = {{{"=HYPERLINK(\"x\")", false}, {"< 3", true}}, {{"<script>", false}, {"05554008", false}}};
  const std::string csv = to_csv(table, csv::german);
  CHECK(csv.starts_with("\xEF\xBB\xBF"));
  CHECK(csv.find("'=HYPERLINK") != std::string::npos);
  CHECK(csv.find("\r\n") != std::string::npos);
  const std::string html = to_html(table, true);
  CHECK(html.find("<script>") == std::string::npos);
  CHECK(html.find("&lt;script&gt;") != std::string::npos);
  CHECK(html.find("a &amp; b") != std::string::npos);
  CHECK(html.find("lang=\"de\"") != std::string::npos);
}

TEST_CASE("tables: a mark that turns the reading direction shows in HTML and goes into CSV as it was entered") {
  const std::string turned = "Kreis \xE2\x80\xAE" "nekroB";  // read aloud: Borken
  Table table;
  table.title = turned;
  table.header = {"Name"};
  table.rows = {{{turned, false}}};
  const std::string html = to_html(table, true);
  CHECK(html.find("\xE2\x80\xAE") == std::string::npos);
  CHECK(html.find("<td>Kreis \\u{202e}nekroB</td>") != std::string::npos);
  CHECK(html.find("<title>Kreis \\u{202e}nekroB") != std::string::npos);
  CHECK(to_csv(table, csv::german).find(turned) != std::string::npos);  // or it would not come back
}
