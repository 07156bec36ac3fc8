#include "libclient/translate.h"

#include <libintl.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <vector>

#include "libclient/shown.h"

// The C library keeps what it found until this counter moves (gettext manual, "Being a gettext grok").
extern "C" int _nl_msg_cat_cntr;  // NOLINT: its name is given

namespace kiz {

namespace {
constexpr const char* domain = "kiz-sync";
std::string present = "en";

bool is_german(std::string_view name) {
  return name.size() >= 2 && (name[0] == 'd' || name[0] == 'D') && (name[1] == 'e' || name[1] == 'E') &&
         (name.size() == 2 || name[2] == '_' || name[2] == '.' || name[2] == '@' || name[2] == ':' || name[2] == '-');
}

std::string filled_from(std::string_view sentence, const std::vector<std::string_view>& pieces) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    const bool plain = sentence[i] == '{' && i + 1 < sentence.size() && sentence[i + 1] == '}';
    const bool numbered = sentence[i] == '{' && i + 2 < sentence.size() && sentence[i + 1] >= '1' &&
                          sentence[i + 1] <= '9' && sentence[i + 2] == '}';
    if (!plain && !numbered) {
      out += sentence[i];
      continue;
    }
    const std::size_t which = plain ? next++ : static_cast<std::size_t>(sentence[i + 1] - '1');
    if (which < pieces.size()) out += pieces[which];
    i += plain ? 1 : 2;
  }
  return out;
}
}  // namespace

void start_translations() {
  if (std::setlocale(LC_ALL, "C.UTF-8") == nullptr) std::setlocale(LC_ALL, "C.utf8");
  std::error_code ignored;
  std::filesystem::path folder;
  if (const char* given = std::getenv("KIZ_LOCALE_DIR"); given != nullptr && *given != '\0') {
    folder = given;
  } else {
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    folder = program.parent_path().parent_path() / "share" / "locale";
  }
  bindtextdomain(domain, folder.c_str());
  bind_textdomain_codeset(domain, "UTF-8");
  set_language(language_of_environment());
}

void set_language(std::string_view wanted) {
  present = is_german(wanted) ? "de" : "en";
  setenv("LANGUAGE", present.c_str(), 1);
  ++_nl_msg_cat_cntr;
}

std::string_view language() { return present; }

std::string_view language_of_environment() {
  for (const char* name : {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return is_german(value) ? "de" : "en";
  }
  return "en";
}

std::string tr(const char* english) {
  // The empty msgid is the catalogue's own header.
  return *english == '\0' ? std::string{} : std::string{dgettext(domain, english)};
}

std::string filled(std::string_view sentence, std::initializer_list<std::string_view> pieces) {
  return filled_from(sentence, pieces);
}

std::string tr(const char* english, std::initializer_list<std::string_view> pieces) {
  return filled_from(tr(english), pieces);
}

std::string trn(const char* one, const char* many, unsigned long n, std::initializer_list<std::string_view> pieces) {
  const std::string number = shown_number(static_cast<std::int64_t>(n));
  std::vector<std::string_view> all{number};
  all.insert(all.end(), pieces.begin(), pieces.end());
  return filled_from(dngettext(domain, one, many, n), all);
}

}  // namespace kiz
