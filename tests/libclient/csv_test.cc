#include "libclient/csv.h"

#include <doctest/doctest.h>

#include <random>

using namespace kiz;

namespace {

std::vector<std::vector<std::string>> rows(std::string_view text, char separator = 0) {
  csv::Reader reader(text, separator);
  std::vector<std::vector<std::string>> out;
  csv::Row row;
  while (reader.next(row)) {
    auto& cells = out.emplace_back();
    for (const auto& cell : row.cells) cells.push_back(cell.text);
  }
  REQUIRE_FALSE(reader.wrong());
  return out;
}

Complaint refusal(std::string_view text, char separator = 0) {
  csv::Reader reader(text, separator);
  csv::Row row;
  while (reader.next(row)) {
  }
  REQUIRE(reader.wrong());
  return *reader.wrong();
}

using Rows = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("csv: the separator is found by content") {
  CHECK(csv::detect_separator("a;b;c\n1,5;2,5;3,5\n") == ';');
  CHECK(csv::detect_separator("a,b\n\"x;y;z\",2\n") == ',');
  CHECK(csv::detect_separator("a\tb\n1;2\t3\n") == '\t');
  CHECK(csv::detect_separator("one column\n") == ';');
  CHECK(csv::detect_separator("201601,Albanien,121\n201601,Bosnien,122\n") == ',');
  CHECK(rows("sep=|\r\na|b\r\n") == Rows{{"a", "b"}});
}

TEST_CASE("csv: quoted cells hold separators, quotes and line breaks") {
  CHECK(rows("a;b\r\n\"x;\"\"y\"\"\r\nz\";2\n") == Rows{{"a", "b"}, {"x;\"y\"\r\nz", "2"}});
  CHECK(rows("a,5\" tall,c\n") == Rows{{"a", "5\" tall", "c"}});
  CHECK(rows("a;\"\"\n;\n") == Rows{{"a", ""}, {"", ""}});
}

TEST_CASE("csv: line ends may be mixed and lines blank") {
  CHECK(rows("a;b\r\n1;2\n\n3;4\r5;6") == Rows{{"a", "b"}, {"1", "2"}, {"3", "4"}, {"5", "6"}});
}

TEST_CASE("csv: a complaint names line and column where the trouble begins") {
  const auto open = refusal("a;b\n1;\"two\nthree;4\n5;6\n");
  CHECK(open.code == Complaint::Code::unclosed_quote);
  CHECK(open.line == 2);
  CHECK(open.column == 3);
  const auto after = refusal("ä;b\nüü;\"x\"y;3\n");
  CHECK(after.code == Complaint::Code::text_after_quote);
  CHECK(after.line == 2);
  CHECK(after.column == 7);
}

TEST_CASE("csv: columns and cells are bounded before memory is taken") {
  CHECK(rows(std::string(4095, ';') + "\n").front().size() == 4096);
  CHECK(refusal(std::string(4096, ';') + "\n").code == Complaint::Code::too_many_columns);
  CHECK(refusal(std::string(50'000'000, ';')).code == Complaint::Code::too_many_columns);
  CHECK(refusal(std::string((1u << 20) + 1, 'x')).code == Complaint::Code::cell_too_large);
  CHECK(refusal("\"" + std::string((1u << 20) + 1, 'x') + "\"").code == Complaint::Code::cell_too_large);
  CHECK(refusal("\"" + std::string(3u << 20, 'x')).code == Complaint::Code::unclosed_quote);
}

TEST_CASE("csv: no cell runs as a formula, and every cell comes back") {
  CHECK(csv::guard("=1+1", csv::german) == "'=1+1");
  CHECK(csv::guard("＝1", csv::german) == "'＝1");
  CHECK(csv::guard("'=1", csv::german) == "''=1");
  CHECK(csv::guard("05554008", csv::german) == "'05554008");
  CHECK(csv::guard("05554008", csv::international) == "05554008");
  CHECK(csv::guard("'05", csv::international) == "''05");
  CHECK(csv::guard("'n Abend", csv::german) == "'n Abend");
  CHECK(csv::guard("0", csv::german) == "0");
  CHECK(csv::unguard("'6-13") == "'6-13");

  const std::vector<std::string> pieces = {"'", "=", "+", "-", "@", "\t", "\r", "\n", "0",
                                           "5", "a", "ä", ";", ",", "\"", " ",  "＝", "＠"};
  std::mt19937 random(7);
  for (const auto& dialect : {csv::german, csv::international}) {
    for (int i = 0; i < 3000; ++i) {
      std::vector<csv::Out> cells(1 + random() % 4);
      std::vector<std::string> expected;
      for (auto& cell : cells) {
        for (auto n = random() % 6; n > 0; --n) cell.text += pieces[random() % pieces.size()];
        expected.push_back(cell.text);
      }
      std::string out;
      csv::append(out, cells, dialect);
      CAPTURE(out);
      const auto back = rows(out, dialect.separator);
      REQUIRE(back.size() == 1);
      CHECK(back.front() == expected);
    }
  }
}

TEST_CASE("csv: the German dialect opens by double click in German Excel") {
  std::string out = csv::begin(csv::german);
  csv::append(out, {{"Straße", false}, {"-1,5", true}, {"+49 2861", false}, {"a;b", false}}, csv::german);
  CHECK(out == "\xEF\xBB\xBFStraße;-1,5;\"'+49 2861\";\"a;b\"\r\n");
}
