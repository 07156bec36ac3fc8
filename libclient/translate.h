// Sentences for people. Written in English in the code, looked up by gettext; the catalogues are cli/po/*.po.
//
// The language belongs to the request, not to the process: the daemon answers a German clerk and an English one in turn.
// The C library looks up any language that LANGUAGE names as long as the locale is not plain "C", so the programs run
// under C.UTF-8 (there on every Debian, numbers stay "1.5") and only the name in LANGUAGE changes.
// Not for threads: one request is answered at a time.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace kiz {

/// Finds the catalogues: $KIZ_LOCALE_DIR, else ../share/locale beside the program's folder. Once, at the start of main.
/// Without it every sentence comes in English.
void start_translations();

/// "de" or "en"; anything else counts as "en".
void set_language(std::string_view language);
std::string_view language();
/// What the environment asks for: the first of LANGUAGE, LC_ALL, LC_MESSAGES, LANG that is set decides; German or English.
std::string_view language_of_environment();

/// The sentence in the present language.
std::string tr(const char* english);
/// With pieces put in: "{}" takes the next piece, "{2}" the second one, so that a translation may reorder them.
/// Pieces are put in as they are; who prints to a terminal escapes what comes from data (safe_text.h).
std::string tr(const char* english, std::initializer_list<std::string_view> pieces);
/// Singular or plural by `n`, which is the first piece.
std::string trn(const char* one, const char* many, unsigned long n, std::initializer_list<std::string_view> pieces = {});

/// Marks a sentence in a table, so that gettext finds it; translated where it is used.
constexpr const char* translatable(const char* english) { return english; }

/// Puts the pieces into a sentence, as tr() does.
std::string filled(std::string_view sentence, std::initializer_list<std::string_view> pieces);

}  // namespace kiz
