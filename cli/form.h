// The arguments of one command: declared once, options read by CLI11, turned into the JSON arguments of a request.
//
// Options have a German and an English long form, both always accepted. They may stand anywhere behind or before the
// words of the command, also between operands. Values that are not given are absent from the JSON.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libclient/requests.h"

namespace CLI {
class App;  // only form.cc, help.cc and main.cc read its long header
}

namespace kiz::cli {

/// Options that every command takes.
struct Globals {
  bool json = false, yes = false, dry_run = false, quiet = false, verbose = false, no_input = false, wait = false;
  bool help = false, version = false;
  std::string store, socket, colour = "auto", lang, timeout, password_file;
};

/// A wrong command line: told with exit 2.
struct UsageError {
  std::string text;
  std::string hint;
};

/// Words that may stand in an operand, told at the end of a command's help.
struct Term {
  std::string name, words;
};
using Terms = std::vector<Term> (*)();

enum class Need { required, optional, many, some };  // many: any number; some: at least one

class Form {
 public:
  explicit Form(CLI::App& app) : app_(&app), held_(std::make_shared<Held>()) {}

  /// `name` is shown ("GEMEINDE"); `key` is where it goes in the request.
  Form& operand(const char* key, const std::string& name, const std::string& help, Need need = Need::required);
  /// `names`: "--gueltig,--days". `many`: may be given several times or as a list with commas.
  Form& option(const char* key, const char* names, const std::string& value, const std::string& help, bool many = false);
  Form& number(const char* key, const char* names, const std::string& value, const std::string& help);
  Form& flag(const char* key, const char* names, const std::string& help);
  /// The same fact the other way: given, the value is false.
  Form& no_flag(const char* key, const char* names, const std::string& help);
  /// Asked for only where somebody wants help.
  Form& terms(Terms terms);

  struct Operand {
    std::string key, name, help;
    Need need;
  };
  const std::vector<Operand>& operands() const { return held_->operands; }
  std::vector<Term> terms() const { return held_->terms == nullptr ? std::vector<Term>{} : held_->terms(); }

  /// The words that are no options, in order. Throws UsageError where there are too many.
  void take_operands(std::vector<std::string> words);
  /// What was given, after CLI11 has read it; throws UsageError where a required operand is missing or a number is none.
  Json arguments() const;

 private:
  struct Value {
    std::vector<std::string> given;
    bool on = false;
    enum class Kind { text, number, list, flag, no_flag } kind = Kind::text;
    std::string shown;
  };
  struct Held {
    std::vector<Operand> operands;
    std::map<std::string, std::unique_ptr<Value>> values;
    std::vector<std::string> order;
    Terms terms = nullptr;
  };
  Value& value(const char* key, Value::Kind kind, const std::string& shown);

  CLI::App* app_;
  std::shared_ptr<Held> held_;
};

/// "titel=Sprachcafé", "sprache+=ar", "sprache-=ar" -> {"field", "op", "text"}. Throws UsageError.
Json field_of(const std::string& word);
Json fields_of(const Json& words);

/// "30", "30s", "5m" -> milliseconds. Throws UsageError.
std::int64_t milliseconds_of(const std::string& text);

}  // namespace kiz::cli
