#include "cli/form.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::optional<std::int64_t> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t n = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (wrong != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return n;
}

}  // namespace

Form::Value& Form::value(const char* key, Value::Kind kind, const std::string& shown) {
  auto& held = held_->values[key];
  if (held == nullptr) {
    held = std::make_unique<Value>();
    held_->order.emplace_back(key);
  }
  held->kind = kind;
  held->shown = shown;
  return *held;
}

Form& Form::operand(const char* key, const std::string& name, const std::string& help, Need need) {
  const bool list = need == Need::many || need == Need::some;
  value(key, list ? Value::Kind::list : Value::Kind::text, name);
  held_->operands.push_back({key, name, help, need});
  return *this;
}

Form& Form::terms(Terms asked) {
  held_->terms = asked;
  return *this;
}

Form& Form::option(const char* key, const char* names, const std::string& shown, const std::string& help, bool many) {
  Value& held = value(key, many ? Value::Kind::list : Value::Kind::text, shown);
  auto* option = app_->add_option(names, held.given, help)->type_name(shown);
  option->expected(1)->type_size(1);
  option->multi_option_policy(many ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
  return *this;
}

Form& Form::number(const char* key, const char* names, const std::string& shown, const std::string& help) {
  option(key, names, shown, help);
  held_->values[key]->kind = Value::Kind::number;
  return *this;
}

Form& Form::flag(const char* key, const char* names, const std::string& help) {
  app_->add_flag(names, value(key, Value::Kind::flag, names).on, help);
  return *this;
}

Form& Form::no_flag(const char* key, const char* names, const std::string& help) {
  app_->add_flag(names, value(key, Value::Kind::no_flag, names).on, help);
  return *this;
}

void Form::take_operands(std::vector<std::string> words) {
  std::size_t next = 0;
  for (const Operand& operand : held_->operands) {
    const bool list = operand.need == Need::many || operand.need == Need::some;
    auto& given = held_->values.at(operand.key)->given;
    while (next < words.size() && (list || given.empty())) given.push_back(std::move(words[next++]));
  }
  if (next < words.size()) throw UsageError{tr("\"{}\" is one word too many.", {words[next]}), {}};
}

Json Form::arguments() const {
  for (const Operand& operand : held_->operands) {
    const bool required = operand.need == Need::required || operand.need == Need::some;
    if (required && held_->values.at(operand.key)->given.empty()) {
      throw UsageError{tr("{} is missing: {}", {operand.name, operand.help}), {}};
    }
  }
  Json args = Json::object();
  for (const std::string& key : held_->order) {
    const Value& held = *held_->values.at(key);
    if (held.kind == Value::Kind::flag || held.kind == Value::Kind::no_flag) {
      if (held.on) args[key] = held.kind == Value::Kind::flag;
    } else if (held.given.empty()) {
      continue;
    } else if (held.kind == Value::Kind::list) {
      args[key] = held.given;
    } else if (held.kind == Value::Kind::number) {
      const auto n = whole_number(held.given.back());
      if (!n) throw UsageError{tr("\"{}\" is not a whole number ({}).", {held.given.back(), held.shown}), {}};
      // As a reader of JSON would have it: what is not negative is unsigned.
      args[key] = *n < 0 ? Json(*n) : Json(static_cast<std::uint64_t>(*n));
    } else {
      args[key] = held.given.back();
    }
  }
  return args;
}

Json field_of(const std::string& word) {
  const std::size_t at = word.find('=');
  if (at == std::string::npos || at == 0) {
    throw UsageError{tr("\"{}\" is not of the form FIELD=VALUE.", {word}),
                     tr("For example: title=\"Language café\" language+=ar")};
  }
  std::string op = "=";
  std::size_t end = at;
  if (word[at - 1] == '+' || word[at - 1] == '-') {
    op.insert(0, 1, word[at - 1]);
    --end;
  }
  return Json{{"field", word.substr(0, end)}, {"op", op}, {"text", word.substr(at + 1)}};
}

Json fields_of(const Json& words) {
  Json fields = Json::array();
  for (const Json& word : words) fields.push_back(field_of(word.get<std::string>()));
  return fields;
}

std::int64_t milliseconds_of(const std::string& text) {
  std::string_view number{text};
  std::int64_t unit = 1000;
  if (number.ends_with("ms")) {
    unit = 1;
    number.remove_suffix(2);
  } else if (number.ends_with('s')) {
    number.remove_suffix(1);
  } else if (number.ends_with('m')) {
    unit = 60'000;
    number.remove_suffix(1);
  }
  double n = 0;
  const auto [end, wrong] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (wrong != std::errc{} || end != number.data() + number.size() || !(n >= 0) || n > 1e6) {
    throw UsageError{tr("\"{}\" is not a time in seconds.", {text}), {}};
  }
  return static_cast<std::int64_t>(n * static_cast<double>(unit));
}

}  // namespace kiz::cli
