// Languages as people name them, as ISO 639-3. Our own table has the languages that offices meet daily and works
// without any package; every other language comes from iso_codes.h.
#pragma once

#include <string>
#include <string_view>

#include "libclient/complaint.h"

namespace kiz::languages {

/// ISO 639-1, ISO 639-3, a German or an English name, any case: "ar", "ara", "Arabisch", "arabic" give "ara". The
/// German dialects and collective names that lists use are known too ("Farsi", "Kurmandschi", "Dari").
/// complaints  unknown_language, with the nearest name
Read<std::string> resolve(std::string_view text, std::string_view field);

/// True for a language that resolve() can give back.
bool known(std::string_view iso_639_3);

/// "Arabisch", "Arabic"; the code itself when nothing is known about it.
std::string name(std::string_view iso_639_3, Tongue tongue);

/// ISO 639-1, or empty. HTML and HSDS want the shortest code.
std::string two_letters(std::string_view iso_639_3);

}  // namespace kiz::languages
