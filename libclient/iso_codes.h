// The distribution's lists of languages and countries (package iso-codes): JSON for the codes, gettext catalogues for
// German names. Read at run time when a name is asked for that our own tables lack; nothing is copied from them.
// Where the package is missing, our tables answer alone.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kiz::iso_codes {

struct Code {
  std::string alpha_3;
  std::string alpha_2;  // often empty
  std::string english;
  std::string german;  // empty: no translation
};

/// "iso_639-3" or "iso_3166-1"; empty when the package is not installed or its files are not as expected.
const std::vector<Code>& list(std::string_view standard);

/// A gettext catalogue (.mo) as msgid -> msgstr; empty when it cannot be read. Both byte orders; bounds are checked.
std::map<std::string, std::string> read_catalogue(const std::string& path);

}  // namespace kiz::iso_codes
