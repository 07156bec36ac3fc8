#include "libclient/table_columns.h"

#include <algorithm>
#include <set>

#include "libclient/field_text.h"

namespace kiz::table_import {
namespace {

using Code = Complaint::Code;
using mapping::Column;
using mapping::Mapping;

/// Thrown inside this file alone; bind() and bind_own() turn it into a Read.
struct Wrong {
  Complaint complaint;
};

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Target target_of(const registry::Kind& kind, std::string_view english) {
  for (std::size_t i = 0; i < kind.key.size(); ++i) {
    if (kind.key[i].name == english) return {std::string(english), 0, nullptr, &kind.key[i], i};
  }
  const auto found = registry::find_field(kind, english);
  KIZ_ASSERT(found);  // the mapping's reader looked it up
  return {std::string(english), found->number, found->field, nullptr, 0};
}

/// Finds columns of one table and remembers which were used.
class Finder {
 public:
  Finder(const csv::Row& first, bool header) : line_(first.line), header_(header) {
    for (const auto& cell : first.cells) {
      names_.push_back(header ? trimmed(cell.text) : std::to_string(names_.size() + 1));
    }
    if (header) {
      for (const auto& name : names_) folded_.push_back(registry::fold(name));
    }
  }

  std::size_t find(const Column& column) {
    if (const auto* place = std::get_if<std::size_t>(&column)) {
      if (*place > names_.size()) missing(std::to_string(*place));
      return use(*place - 1);
    }
    const auto& name = std::get<std::string>(column);
    std::vector<std::size_t> exact, loose;
    for (std::size_t i = 0; header_ && i < names_.size(); ++i) {
      if (names_[i] == name) exact.push_back(i);
      if (folded_[i] == registry::fold(name)) loose.push_back(i);
    }
    const auto& found = exact.empty() ? loose : exact;
    if (found.size() > 1) throw Wrong{{.code = Code::repeated_column, .field = name, .line = line_}};
    if (found.empty()) missing(name);
    return use(found.front());
  }

  const std::vector<std::string>& names() const { return names_; }

  std::vector<std::string> unused() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (!used_.contains(i)) out.push_back(names_[i]);
    }
    return out;
  }

 private:
  std::size_t use(std::size_t place) {
    used_.insert(place);
    return place;
  }

  [[noreturn]] void missing(const std::string& name) const {
    // one column where many are expected: most likely a separator that we do not know
    if (names_.size() == 1)
      throw Wrong{{.code = Code::wrong_separator, .given = names_.front(), .line = line_, .column = 1}};
    throw Wrong{{.code = Code::missing_column,
                 .field = name,
                 .allowed = joined(names_),
                 .suggestion = nearest(name, names_),
                 .line = line_}};
  }

  std::size_t line_;
  bool header_;
  std::vector<std::string> names_, folded_;
  std::set<std::size_t> used_;
};

Columns bind_all(const Mapping& mapping, const csv::Row& first) {
  Finder finder(first, mapping.header);
  Columns out;
  out.names = finder.names();
  for (const auto& [name, sources] : mapping.fields) {
    BoundField bound{target_of(*mapping.kind, name), {}};
    for (const auto& source : sources) {
      BoundSource tied{source, {}, false};
      for (const auto& column : source.columns) tied.columns.push_back(finder.find(column));
      bound.sources.push_back(std::move(tied));
    }
    out.fields.push_back(std::move(bound));
  }
  for (const auto& flag : mapping.flags) {
    out.flags.push_back({flag, target_of(*mapping.kind, flag.field), finder.find(flag.column)});
  }
  for (const auto& rule : mapping.only) out.only.push_back({rule, finder.find(rule.column)});
  for (const auto& rule : mapping.skip) out.skip.push_back({rule, finder.find(rule.column)});
  if (mapping.owner_column) out.owner = finder.find(*mapping.owner_column);
  for (const auto& column : mapping.identity.columns) out.identity.push_back(finder.find(column));
  out.unused = finder.unused();
  return out;
}

std::vector<std::string> names_of(const registry::Kind& kind, Tongue tongue) {
  std::vector<std::string> out;
  const bool german = tongue == Tongue::german;
  for (const auto& part : kind.key) out.emplace_back(german ? part.name_de : part.name);
  for (const auto& field : kind.fields) {
    if (kind.key.empty() || field.number != registry::fields::key)
      out.emplace_back(german ? field.name_de : field.name);
  }
  return out;
}

std::optional<Target> own_target(const registry::Kind& kind, const std::string& header) {
  const std::string wanted = registry::fold(header);
  for (std::size_t i = 0; i < kind.key.size(); ++i) {
    const auto& part = kind.key[i];
    if (part.name == wanted || part.name_de == wanted || registry::fold(part.label_de) == wanted ||
        registry::fold(part.label_en) == wanted) {
      return Target{std::string(part.name), 0, nullptr, &part, i};
    }
  }
  const auto found = field_text::find_field(kind, header);
  if (!found || (!kind.key.empty() && found.value.number == registry::fields::key)) return std::nullopt;
  return Target{registry::field_name(kind, found.value.number), found.value.number, found.value.field, nullptr, 0};
}

BoundSource own_source(const Target& target, std::size_t place) {
  BoundSource out;
  out.columns = {place};
  out.own_split = target.field && target.field->merge != registry::Merge::last_write &&
                  target.field->merge != registry::Merge::counter;
  return out;
}

Columns bind_all_own(const registry::Kind& kind, const csv::Row& header, Tongue tongue) {
  Columns out;
  std::set<std::string> seen;
  std::optional<Complaint> unknown;
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    const std::string name = trimmed(header.cells[i].text);
    out.names.push_back(name);
    const std::string word = registry::fold(name);
    const auto place = [&](Complaint complaint) {
      complaint.line = header.cells[i].line;
      complaint.column = header.cells[i].column;
      return complaint;
    };
    if (word == "ref" || word.empty()) {
      out.unused.push_back(name);
      continue;
    }
    const auto target = word == "id" ? std::nullopt : own_target(kind, name);
    if (!seen.insert(target ? target->name : word).second) {
      throw Wrong{place({.code = Code::repeated_column, .field = name})};
    }
    if (word == "id") {
      out.id = i;
    } else if (target) {
      out.fields.push_back({*target, {own_source(*target, i)}});
    } else if (!unknown) {
      unknown =
          place({.code = Code::unknown_column, .field = name, .suggestion = nearest(name, names_of(kind, tongue))});
    }
  }
  if (unknown && out.fields.empty() && header.cells.size() == 1 && header.line > 0) {
    throw Wrong{{.code = Code::wrong_separator, .given = out.names.front(), .line = header.line, .column = 1}};
  }
  if (unknown) throw Wrong{*unknown};

  const auto present = [&](std::string_view name) { return seen.contains(std::string(name)); };
  const auto require = [&](std::string_view name, std::string_view german) {
    if (present(name)) return;
    throw Wrong{{.code = Code::missing_column,
                 .field = std::string(tongue == Tongue::german ? german : name),
                 .allowed = joined(out.names),
                 .line = header.line}};
  };
  for (const auto& part : kind.key) {
    if (part.required && part.name != "ags") require(part.name, part.name_de);  // whoever imports is meant else
  }
  for (const auto& field : kind.fields) {
    const bool key = !kind.key.empty() && field.number == registry::fields::key;
    if (field.required && !key && !out.id) require(field.name, field.name_de);
  }
  return out;
}

}  // namespace

Read<Columns> bind(const Mapping& mapping, const csv::Row& first) {
  try {
    return bind_all(mapping, first);
  } catch (const Wrong& wrong) {
    return wrong.complaint;
  }
}

Read<Columns> bind_own(const registry::Kind& kind, const csv::Row& header, Tongue tongue) {
  try {
    return bind_all_own(kind, header, tongue);
  } catch (const Wrong& wrong) {
    return wrong.complaint;
  }
}

}  // namespace kiz::table_import
