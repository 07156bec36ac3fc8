// The order in which people look things up: names and titles as a German dictionary has them (DIN 5007-1), by ICU. The
// locale of the machine has no part in it, so a list reads the same at a clerk's desk, in the service and under LANG=C.
// https://www.unicode.org/reports/tr10/ (Unicode Collation Algorithm)
#pragma once

#include <string>
#include <string_view>

namespace kiz::collation {

/// Bytes that compare as the texts are to be ordered: "Ähre" between "Agnes" and "Ball", "Modul 9" before "Modul 10".
/// text: UTF-8; what is not counts as U+FFFD.
std::string key(std::string_view text);

}  // namespace kiz::collation
