#include "libclient/languages.h"

#include <algorithm>
#include <vector>

#include "libclient/iso_codes.h"
#include "protocol/registry.h"

namespace kiz::languages {
namespace {

struct Language {
  std::string_view code;
  std::string_view two;
  std::string_view german;
  std::string_view english;
  std::string_view others = {};  // folded, one comma between
};

constexpr Language table[] = {
    {"deu", "de", "Deutsch", "German"},
    {"ara", "ar", "Arabisch", "Arabic", "arab,hocharabisch"},
    {"ukr", "uk", "Ukrainisch", "Ukrainian"},
    {"tur", "tr", "Türkisch", "Turkish"},
    {"rus", "ru", "Russisch", "Russian"},
    {"fas", "fa", "Persisch", "Persian", "farsi,pes,iranian_persian"},
    {"prs", "", "Dari", "Dari"},
    {"pus", "ps", "Paschtu", "Pashto", "paschto,pashtu"},
    {"kur", "ku", "Kurdisch", "Kurdish"},
    {"kmr", "", "Kurmandschi", "Northern Kurdish", "kurmanci,kurmanji,nordkurdisch"},
    {"ckb", "", "Sorani", "Central Kurdish", "zentralkurdisch"},
    {"eng", "en", "Englisch", "English"},
    {"fra", "fr", "Französisch", "French"},
    {"spa", "es", "Spanisch", "Spanish"},
    {"por", "pt", "Portugiesisch", "Portuguese", "portugese,brazilian_portuguese"},
    {"ita", "it", "Italienisch", "Italian"},
    {"nld", "nl", "Niederländisch", "Dutch"},
    {"pol", "pl", "Polnisch", "Polish"},
    {"ron", "ro", "Rumänisch", "Romanian", "moldauisch"},
    {"bul", "bg", "Bulgarisch", "Bulgarian"},
    {"hun", "hu", "Ungarisch", "Hungarian"},
    {"ces", "cs", "Tschechisch", "Czech"},
    {"slk", "sk", "Slowakisch", "Slovak"},
    {"slv", "sl", "Slowenisch", "Slovenian"},
    {"hrv", "hr", "Kroatisch", "Croatian"},
    {"srp", "sr", "Serbisch", "Serbian"},
    {"bos", "bs", "Bosnisch", "Bosnian"},
    {"hbs", "sh", "Serbokroatisch", "Serbo-Croatian"},
    {"mkd", "mk", "Mazedonisch", "Macedonian"},
    {"sqi", "sq", "Albanisch", "Albanian"},
    {"rom", "", "Romanes", "Romany", "romani"},
    {"ell", "el", "Griechisch", "Greek", "neugriechisch"},
    {"lit", "lt", "Litauisch", "Lithuanian"},
    {"lav", "lv", "Lettisch", "Latvian"},
    {"est", "et", "Estnisch", "Estonian"},
    {"bel", "be", "Weißrussisch", "Belarusian", "belarussisch"},
    {"kat", "ka", "Georgisch", "Georgian"},
    {"hye", "hy", "Armenisch", "Armenian"},
    {"aze", "az", "Aserbaidschanisch", "Azerbaijani"},
    {"che", "ce", "Tschetschenisch", "Chechen"},
    {"uzb", "uz", "Usbekisch", "Uzbek"},
    {"tgk", "tg", "Tadschikisch", "Tajik"},
    {"kaz", "kk", "Kasachisch", "Kazakh"},
    {"urd", "ur", "Urdu", "Urdu"},
    {"hin", "hi", "Hindi", "Hindi"},
    {"pan", "pa", "Pandschabi", "Punjabi", "panjabi"},
    {"ben", "bn", "Bengalisch", "Bengali", "bangla"},
    {"tam", "ta", "Tamil", "Tamil", "tamilisch"},
    {"sin", "si", "Singhalesisch", "Sinhala"},
    {"nep", "ne", "Nepali", "Nepali", "nepalesisch"},
    {"mya", "my", "Birmanisch", "Burmese", "burmesisch"},
    {"tha", "th", "Thailändisch", "Thai"},
    {"vie", "vi", "Vietnamesisch", "Vietnamese"},
    {"khm", "km", "Khmer", "Khmer", "cambodian,kambodschanisch"},
    {"lao", "lo", "Laotisch", "Lao"},
    {"zho", "zh", "Chinesisch", "Chinese"},
    {"cmn", "", "Mandarin", "Mandarin", "hochchinesisch,mandarin_chinese"},
    {"yue", "", "Kantonesisch", "Cantonese"},
    {"jpn", "ja", "Japanisch", "Japanese"},
    {"kor", "ko", "Koreanisch", "Korean"},
    {"mon", "mn", "Mongolisch", "Mongolian"},
    {"fil", "", "Filipino", "Filipino"},
    {"tgl", "tl", "Tagalog", "Tagalog"},
    {"ind", "id", "Indonesisch", "Indonesian"},
    {"heb", "he", "Hebräisch", "Hebrew"},
    {"tir", "ti", "Tigrinya", "Tigrinya", "tigrina,tigrinisch"},
    {"amh", "am", "Amharisch", "Amharic"},
    {"som", "so", "Somali", "Somali", "somalisch"},
    {"orm", "om", "Oromo", "Oromo"},
    {"swa", "sw", "Suaheli", "Swahili", "kisuaheli,kiswahili"},
    {"lin", "ln", "Lingala", "Lingala"},
    {"hau", "ha", "Haussa", "Hausa"},
    {"ibo", "ig", "Igbo", "Igbo"},
    {"yor", "yo", "Yoruba", "Yoruba"},
    {"wol", "wo", "Wolof", "Wolof"},
    {"ful", "ff", "Fula", "Fulah", "fulfulde,pular"},
    {"man", "", "Mandinka", "Mandingo", "malinke"},
    {"aka", "ak", "Akan", "Akan", "twi"},
    {"ber", "", "Berberisch", "Berber", "tamazight"},
    {"syr", "", "Aramäisch", "Syriac", "aramaeisch,assyrisch"},
    {"gsg", "", "Deutsche Gebärdensprache", "German Sign Language", "dgs,gebaerdensprache"},
    {"ase", "", "Amerikanische Gebärdensprache", "American Sign Language", "asl"},
    {"und", "", "unbestimmt", "undetermined", "unbekannt,unknown"},
};

bool listed(std::string_view words, std::string_view wanted) {
  while (!words.empty()) {
    const auto comma = words.find(',');
    if (words.substr(0, comma) == wanted) return true;
    if (comma == std::string_view::npos) return false;
    words.remove_prefix(comma + 1);
  }
  return false;
}

const Language* find(std::string_view code) {
  const auto at = std::find_if(std::begin(table), std::end(table), [&](const auto& l) { return l.code == code; });
  return at == std::end(table) ? nullptr : at;
}

const iso_codes::Code* find_listed(std::string_view code) {
  for (const auto& entry : iso_codes::list("iso_639-3")) {
    if (entry.alpha_3 == code) return &entry;
  }
  return nullptr;
}

}  // namespace

Read<std::string> resolve(std::string_view text, std::string_view field) {
  const std::string wanted = registry::fold(text);
  Complaint unknown{.code = Complaint::Code::unknown_language, .field = std::string(field), .given = std::string(text)};
  if (wanted.empty()) return unknown;
  for (const auto& language : table) {
    if (language.code == wanted || language.two == wanted || registry::fold(language.german) == wanted ||
        registry::fold(language.english) == wanted || listed(language.others, wanted)) {
      return std::string(language.code);
    }
  }
  for (const auto& entry : iso_codes::list("iso_639-3")) {
    if (entry.alpha_3 == wanted || entry.alpha_2 == wanted || registry::fold(entry.english) == wanted ||
        (!entry.german.empty() && registry::fold(entry.german) == wanted)) {
      return entry.alpha_3;
    }
  }
  std::vector<std::string> names;
  for (const auto& language : table) {
    names.emplace_back(language.german);
    names.emplace_back(language.english);
  }
  unknown.suggestion = nearest(text, names);
  return unknown;
}

bool known(std::string_view code) { return find(code) || find_listed(code); }

std::string name(std::string_view code, Tongue tongue) {
  const bool german = tongue == Tongue::german;
  if (const auto* language = find(code)) return std::string(german ? language->german : language->english);
  const auto* listed_one = find_listed(code);
  if (!listed_one) return std::string(code);
  return german && !listed_one->german.empty() ? listed_one->german : listed_one->english;
}

std::string two_letters(std::string_view code) {
  if (const auto* language = find(code)) return std::string(language->two);
  const auto* listed_one = find_listed(code);
  return listed_one ? listed_one->alpha_2 : std::string{};
}

}  // namespace kiz::languages
