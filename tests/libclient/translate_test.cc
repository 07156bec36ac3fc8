#include "libclient/translate.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace kiz;

TEST_CASE("translate: pieces go in by turn or by number") {
  CHECK(filled("{} and {}", {"one", "two"}) == "one and two");
  CHECK(filled("{2} before {1}", {"one", "two"}) == "two before one");
  CHECK(filled("{} {x} {9} {", {"a"}) == "a {x}  {");
}

TEST_CASE("translate: pieces are not read again for places") { CHECK(filled("{} {}", {"{}", "b"}) == "{} b"); }

TEST_CASE("translate: the first variable that is set decides about the language") {
  for (const char* name : {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(name);
  CHECK(language_of_environment() == "en");
  setenv("LANG", "de_DE.UTF-8", 1);
  CHECK(language_of_environment() == "de");
  setenv("LC_ALL", "C", 1);
  CHECK(language_of_environment() == "en");
  setenv("LANGUAGE", "de:en", 1);
  CHECK(language_of_environment() == "de");
  for (const char* name : {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) unsetenv(name);
}

TEST_CASE("translate: what has no translation stays English, singular and plural") {
  set_language("de");
  CHECK(language() == "de");
  CHECK(tr("A sentence that no catalogue has: {}", {"x"}) == "A sentence that no catalogue has: x");
  CHECK(trn("{} thing", "{} things", 1) == "1 thing");
  CHECK(trn("{} thing in {}", "{} things in {}", 2, {"here"}) == "2 things in here");
  set_language("en");
}
