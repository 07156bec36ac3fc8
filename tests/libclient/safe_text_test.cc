#include "libclient/safe_text.h"

#include <doctest/doctest.h>

using namespace kiz;

TEST_CASE("safe_text: nothing that repaints a terminal or turns the reading direction gets through") {
  CHECK(safe_text::line("a\x1b[2Jb") == "a\\x1b[2Jb");
  CHECK(safe_text::line("a\xC2\x9B"
                        "2Jb") == "a\\u{9b}2Jb");
  CHECK(safe_text::line("ab\xE2\x80\xAE"
                        "cd") == "ab\\u{202e}cd");
  CHECK(safe_text::line("x\xE2\x81\xA6y\xE2\x80\x8Bz\xEF\xBB\xBF") == "x\\u{2066}y\\u{200b}z\\u{feff}");
  CHECK(safe_text::line("a\rb\nc\td\a") == "a\\rb\\nc d\\x07");
  CHECK(safe_text::lines("a\nb\r") == "a\nb\\x0d");
  CHECK(safe_text::line(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(safe_text::line("broken \xFF\xC3") == "broken \\xff\\xc3");
}

TEST_CASE("safe_text: ordinary text of every script stays as it is") {
  for (const auto* text :
       {"Sprachcafé für Mütter", "مقهى اللغة", "Мовне кафе", "日本語", "क्‍ष", "👩‍👧"}) {
    CAPTURE(text);
    CHECK(safe_text::line(text) == text);
  }
}

TEST_CASE("safe_text: width counts columns, not bytes or code points") {
  CHECK(safe_text::width("Straße") == 6);
  CHECK(safe_text::width("ABAD\xCC\x81") == 4);
  CHECK(safe_text::width("日本") == 4);
  CHECK(safe_text::width("👩‍👧") == 2);
}

TEST_CASE("safe_text: clipping keeps characters whole and says that it cut") {
  CHECK(safe_text::clip("Sprachcafé", 10) == "Sprachcafé");
  CHECK(safe_text::clip("Sprachcafé", 9) == "Sprachca…");
  CHECK(safe_text::clip("日本語", 4) == "日…");
  CHECK(safe_text::clip("abc", 0) == "");
  CHECK(safe_text::clip("e\xCC\x81xyz", 2) == "e\xCC\x81…");
  CHECK(safe_text::pad("日本", 6) == "日本  ");
  CHECK(safe_text::pad("abcdef", 3) == "ab…");
}

TEST_CASE("safe_text: HTML cannot be opened or closed from inside data") {
  CHECK(safe_text::html("<b onclick=\"x\">'&\x1b") == "&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;\\x1b");
}
