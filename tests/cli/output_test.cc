#include "cli/output.h"

#include <doctest/doctest.h>

#include <cstdio>

using namespace kiz::cli;

namespace {

// What is printed on a page that is so many columns wide.
template <class Print>
std::string printed(std::size_t width, Print print) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file != nullptr);
  {
    Output out{file, Colour::never, width};
    print(out);
    out.flush();
  }
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(text.data(), 1, text.size(), file) == text.size());
  std::fclose(file);
  return text;
}

void offers(Output& out) {
  out.table({{"Kennung", false, 5, true}, {"Titel", false, 8}, {"Art", false, 8}, {"Plätze", true}},
            {{"A-7K3", "Sprachcafé für Mütter", "Begleitung/Patenschaft", "12"}, {"A-M12", "Öl", "Kurs", "5"}});
}

}  // namespace

TEST_CASE("output: a table that fits stands in columns, umlauts count once") {
  CHECK(printed(80, offers) ==
        "Kennung  Titel                  Art                     Plätze\n"
        "A-7K3    Sprachcafé für Mütter  Begleitung/Patenschaft      12\n"
        "A-M12    Öl                     Kurs                         5\n");
}

TEST_CASE("output: a table that is too wide cuts no word, cells go on below") {
  CHECK(printed(56, offers) ==
        "Kennung  Titel            Art                     Plätze\n"
        "A-7K3    Sprachcafé für   Begleitung/Patenschaft      12\n"
        "         Mütter\n"
        "A-M12    Öl               Kurs                         5\n");
}

TEST_CASE("output: where whole words do not fit beside each other, each row is a block") {
  CHECK(printed(32, offers) ==
        "A-7K3  Sprachcafé für Mütter\n"
        "  Art: Begleitung/Patenschaft\n"
        "  Plätze: 12\n"
        "A-M12  Öl\n"
        "  Art: Kurs\n"
        "  Plätze: 5\n");
}

TEST_CASE("output: a value stands behind its label, also on a narrow screen") {
  const auto pairs = [](Output& out) {
    out.pair("neu zugezogen", "6", 32);
    out.pair("Schulplatz erhalten", "4", 32);
  };
  CHECK(printed(40, pairs) == "neu zugezogen:        6\nSchulplatz erhalten:  4\n");
  CHECK(printed(80, pairs) == "neu zugezogen:                  6\nSchulplatz erhalten:            4\n");
}

TEST_CASE("output: what a cell says cannot speak to the terminal, on whatever line it stands") {
  const std::string text = printed(30, [](Output& out) {
    out.table({{"Titel", false, 8}, {"Art", false, 8}}, {{"eins zwei drei vier \x1b[31m fünf", "Kurs für alle Mütter"}});
  });
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\\x1b[31m") != std::string::npos);
}
