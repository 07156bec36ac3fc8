#include "libclient/text_encoding.h"

#include <doctest/doctest.h>

using namespace kiz;
using text_encoding::Encoding;

TEST_CASE("text_encoding: UTF-8 passes, with or without a mark") {
  CHECK(text_encoding::to_utf8("Träger;Ort\r\n").value.text == "Träger;Ort\r\n");
  const auto marked = text_encoding::to_utf8(
      "\xEF\xBB\xBF"
      "a\n");
  CHECK(marked.value.text == "a\n");
  CHECK(marked.value.encoding == Encoding::utf8);
  CHECK(text_encoding::to_utf8("").value.text.empty());
}

TEST_CASE("text_encoding: Windows-1252 is recognised by content") {
  const auto read = text_encoding::to_utf8(
      "Tr\xE4ger\n\x84Stra\xDF"
      "e\x93 \x80 \x96\n");
  CHECK(read.value.text == "Träger\n„Straße“ € –\n");
  CHECK(read.value.encoding == Encoding::windows_1252);
  CHECK(read.value.lines_1252 == 2);
}

TEST_CASE("text_encoding: a list put together from two sources keeps both") {
  const auto read = text_encoding::to_utf8("plain\nABAD\xCC\x81\nJCRT \x89\xDB\xD2 Log\n");
  CHECK(read.value.text == "plain\nABAD\xCC\x81\nJCRT ‰ÛÒ Log\n");
  CHECK(read.value.encoding == Encoding::mixed);
  CHECK(read.value.first_line_1252 == 3);
}

TEST_CASE("text_encoding: what is no text is refused with its place") {
  const auto undefined = text_encoding::to_utf8("ok\nab\x8Dz\xFF\n");
  REQUIRE_FALSE(undefined);
  CHECK(undefined.wrong->code == Complaint::Code::broken_encoding);
  CHECK(sentence(*undefined.wrong) ==
        "Zeile 2, Spalte 3: Das Byte 8D ist weder UTF-8 noch Windows-1252; bitte als „CSV UTF-8“ speichern");
  const auto nul = text_encoding::to_utf8(std::string_view("ab\nc\0d", 6));
  CHECK(nul.wrong->code == Complaint::Code::nul_byte);
  CHECK(nul.wrong->line == 2);
  CHECK(nul.wrong->column == 2);
  CHECK(text_encoding::to_utf8(std::string_view("\xFF\xFE"
                                                "a\0",
                                                4))
            .wrong->code == Complaint::Code::utf16);
  CHECK(text_encoding::to_utf8(std::string_view("\xFE\xFF\0a", 4)).wrong->code == Complaint::Code::utf16);
}
