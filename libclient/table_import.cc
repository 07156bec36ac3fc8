#include "libclient/table_import.h"

#include <algorithm>
#include <unordered_map>

#include "libclient/csv.h"
#include "libclient/field_text.h"
#include "libclient/table_cells.h"
#include "protocol/crypto.h"

namespace kiz::table_import {
namespace {

using Code = Complaint::Code;
using registry::Type;

constexpr std::string_view content_scheme = "inhalt";
constexpr std::size_t external_id_characters_max = 150;  // of 200, the scheme and a repeat's number included

/// "05111" and "05111000" are one city.
bool same_member(std::string_view a, std::string_view b) {
  return a == b || (a.size() == 5 && b == std::string(a) + "000") || (b.size() == 5 && a == std::string(b) + "000");
}

std::string digest_of(const std::vector<std::string>& parts) {
  std::string all;
  for (const auto& part : parts) all += part + '\x1f';
  return to_hex(ByteView(crypto::hash("kiz-sync import id v1", view(all))).first(8));
}

class Importer {
 public:
  Importer(const Options& options, const registry::Kind& kind, const mapping::Mapping* mapping, Columns columns)
      : options_(options), kind_(kind), mapping_(mapping), columns_(std::move(columns)), cells_(options, columns_) {}
  Importer(const Importer&) = delete;  // the cells' reader looks at the columns of this one
  Importer& operator=(const Importer&) = delete;

  /// One row of data; `index` counts them from 0. False when there are complaints enough.
  bool row(const csv::Row& row, std::size_t index, Import& out) {
    out_ = &out;
    cells_.begin(row, out);
    ++out.rows;
    if (!has_width(row.cells)) return cells_.has_room();
    if (!selected(index)) {
      ++out.skipped;
      return true;
    }
    const std::size_t before = out.complaints.size();
    draft_ = Draft{{kind_.number, {}}, {}, row.line, {}};
    for (const auto& field : columns_.fields) {
      if (field.target.field) cells_.read_field(field, draft_);
    }
    for (const auto& flag : columns_.flags) cells_.read_flag(flag, draft_);
    if (!kind_.key.empty()) read_key();
    check_required();
    check_order();
    if (out.complaints.size() == before) keep();
    return cells_.has_room();
  }

 private:
  bool has_width(const std::vector<csv::Cell>& cells) {
    const std::size_t width = columns_.names.size();
    // a spreadsheet pads rows with empty cells; a missing one is a cell that slipped
    const bool padded = std::all_of(cells.begin() + static_cast<std::ptrdiff_t>(std::min(width, cells.size())),
                                    cells.end(), [](const auto& extra) { return trimmed_view(extra.text).empty(); });
    if (cells.size() >= width && padded) return true;
    cells_.complain({.code = Code::row_width, .given = std::to_string(cells.size()), .allowed = std::to_string(width)});
    return false;
  }

  bool matches(const BoundRule& bound) const {
    const auto& in = bound.rule.in;
    return std::find(in.begin(), in.end(), registry::fold(trimmed_view(cells_.cell(bound.column).text))) != in.end();
  }

  bool selected(std::size_t index) const {
    const auto counted = [&](std::size_t modulo, std::size_t remainder, std::size_t offset) {
      return modulo == 0 || (offset + index) % modulo == remainder;
    };
    if (!counted(options_.modulo, options_.remainder, options_.offset)) return false;
    if (mapping_ && !counted(mapping_->modulo, mapping_->remainder, mapping_->offset)) return false;
    if (columns_.owner && !same_member(trimmed_view(cells_.cell(*columns_.owner).text), options_.owner)) return false;
    return std::all_of(columns_.only.begin(), columns_.only.end(), [&](const auto& rule) { return matches(rule); }) &&
           std::none_of(columns_.skip.begin(), columns_.skip.end(), [&](const auto& rule) { return matches(rule); });
  }

  // ---- the natural key ---------------------------------------------------------------------------------------------

  void read_key() {
    std::vector<std::string> parts(kind_.key.size());
    std::vector<std::optional<std::size_t>> places(kind_.key.size());
    bool told = false;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto bound = std::find_if(columns_.fields.begin(), columns_.fields.end(),
                                      [&](const auto& f) { return f.target.part == &kind_.key[i]; });
      const bool found = bound != columns_.fields.end();
      if (found && !bound->sources.empty()) places[i] = place_of(bound->sources.front());
      const auto part = cells_.read_part(kind_.key[i], found ? &*bound : nullptr);
      told = told || !part;
      if (!part) continue;
      parts[i] = *part;
      if (!kind_.key[i].required || (!part->empty() && *part != "*")) continue;
      cells_.complain({.code = Code::missing_value, .field = label(kind_.key[i])}, places[i]);
      told = true;
    }
    if (told) return;
    for (std::size_t i = 0; i < parts.size(); ++i) check_part(kind_.key[i], parts[i], places[i]);
    const auto key = registry::natural_key(kind_, parts);
    if (!key) return cells_.complain({.code = Code::bad_text, .field = key.error().context});
    draft_.natural_key = *key;
    draft_.id.key = registry::natural_record_key(kind_.number, *key);
    add_values(draft_, registry::fields::key, kind_.fields.front(), {Value{*key}});
  }

  std::string label(const registry::KeyPart& part) const {
    return std::string(options_.tongue == Tongue::german ? part.label_de : part.label_en);
  }

  void check_part(const registry::KeyPart& part, const std::string& text, std::optional<std::size_t> place) {
    if (part.name == "ags" && !options_.owner.empty() && !same_member(text, options_.owner)) {
      cells_.complain({.code = Code::foreign_owner, .field = label(part), .given = text, .allowed = options_.owner},
                      place);
    }
    const bool time = part.type == Type::period || part.type == Type::month;
    // text order is time order within one form: year, month, school year by its first year
    const bool school_year = text.size() == 7 && text[4] == '/';
    const std::string_view now = std::string_view(options_.today).substr(0, school_year ? 4 : text.size());
    const std::string_view then = std::string_view(text).substr(0, school_year ? 4 : text.size());
    const bool half_year = text.size() == 7 && text[5] == 'H';
    if (time && !options_.today.empty() && (half_year ? then.substr(0, 4) > now.substr(0, 4) : then > now)) {
      cells_.complain({.code = Code::future_month, .field = label(part), .given = text}, place);
    }
  }

  // ---- the record as a whole ---------------------------------------------------------------------------------------

  void check_required() {
    if (columns_.id) return;  // the record exists; what the file does not say stays
    for (const auto& field : kind_.fields) {
      const bool key = !kind_.key.empty() && field.number == registry::fields::key;
      if (!field.required || key || draft_.find(field.number)) continue;
      const auto bound = std::find_if(columns_.fields.begin(), columns_.fields.end(),
                                      [&](const auto& f) { return f.target.number == field.number && f.target.field; });
      std::optional<std::size_t> place;
      if (bound != columns_.fields.end() && !bound->sources.empty()) place = place_of(bound->sources.front());
      const std::string name(options_.tongue == Tongue::german ? field.label_de : field.label_en);
      // a value that was there and wrong has its own complaint
      const auto& all = out_->complaints;
      const bool told = std::any_of(all.begin(), all.end(), [&](const Complaint& c) {
        return c.field == name && place && c.line == cells_.cell(*place).line && c.column == cells_.cell(*place).column;
      });
      if (!told) cells_.complain({.code = Code::missing_value, .field = name}, place);
    }
  }

  template <class T>
  const T* value_of(std::string_view name) const {
    const auto field = registry::find_field(kind_, name);
    const auto* have = field ? draft_.find(field->number) : nullptr;
    return have ? std::get_if<T>(&have->values.front()) : nullptr;
  }

  void check_order() {
    const auto* low = value_of<std::int64_t>("age_min");
    const auto* high = value_of<std::int64_t>("age_max");
    if (low && high && *high < *low) {
      cells_.complain({.code = Code::age_order, .given = std::to_string(*high), .allowed = std::to_string(*low)});
    }
    const auto* from = value_of<std::string>("valid_from");
    const auto* until = value_of<std::string>("valid_until");
    if (from && until && *until < *from) {
      cells_.complain({.code = Code::date_order, .given = *until, .allowed = *from});
    }
  }

  std::string content_id() const {
    std::vector<std::string> parts;
    for (const std::string_view name : {"title", "name", "provider", "place.name", "place.street", "valid_from"}) {
      const auto field = registry::find_field(kind_, name);
      const auto* have = field ? draft_.find(field->number) : nullptr;
      const std::string text =
          have ? field_text::show(*field->field, have->values.front(), field_text::Form::exchange) : std::string{};
      parts.push_back(registry::fold(text));
    }
    return digest_of(parts);
  }

  std::string identity_of_columns() {
    std::vector<std::string> parts;
    for (const std::size_t place : columns_.identity) parts.emplace_back(trimmed_view(cells_.cell(place).text));
    std::string id = parts.size() == 1 ? parts.front() : digest_of(parts);
    if (id.size() > external_id_characters_max) id = digest_of({id});
    if (id.empty()) return {};
    const std::size_t nth = mapping_->identity.number_repeats ? ++repeats_[id] : 1;
    return nth > 1 ? id + "#" + std::to_string(nth) : id;
  }

  /// Gives the draft its record key. False: refused.
  bool name_record() {
    if (!kind_.key.empty()) return true;
    if (columns_.id && !trimmed_view(cells_.cell(*columns_.id).text).empty()) {
      const Bytes key = from_hex(trimmed_view(cells_.cell(*columns_.id).text));
      if (key.size() == RecordKey::size_bytes) {
        draft_.id.key = RecordKey::from(key);
        return true;
      }
      cells_.complain({.code = Code::bad_reference, .field = "id", .given = cells_.cell(*columns_.id).text},
                      columns_.id);
      return false;
    }
    const auto external = registry::find_field(kind_, "external_ids");
    if (!columns_.identity.empty()) {
      const std::string id = identity_of_columns();
      if (id.empty()) {
        cells_.complain({.code = Code::missing_value, .field = columns_.names[columns_.identity.front()]},
                        columns_.identity.front());
        return false;
      }
      const auto& scheme = mapping_->identity.scheme;
      draft_.id.key = imported_key(kind_, options_.owner, scheme, id);
      if (external) add_values(draft_, external->number, *external->field, {Value{scheme + ":" + id}});
      return true;
    }
    if (const auto* ids = external ? draft_.find(external->number) : nullptr) {
      const std::string& first = *as_text(ids->values.front());
      const auto colon = first.find(':');
      draft_.id.key = imported_key(kind_, options_.owner, first.substr(0, colon), first.substr(colon + 1));
      return true;
    }
    draft_.id.key = imported_key(kind_, options_.owner, content_scheme, content_id());
    return true;
  }

  void keep() {
    if (!name_record()) return;
    if (draft_.fields.empty()) {  // an identifier alone says nothing
      ++out_->skipped;
      return;
    }
    const auto [at, is_new] = by_key_.emplace(draft_.id.key, out_->drafts.size());
    if (is_new) {
      out_->drafts.push_back(std::move(draft_));
      return;
    }
    const Draft& earlier = out_->drafts[at->second];
    const std::string different = differences(earlier);
    if (different.empty()) {
      ++out_->repeated;
    } else {
      cells_.complain({.code = Code::repeated_key, .field = different, .given = std::to_string(earlier.line)});
    }
  }

  std::string differences(const Draft& earlier) const {
    std::string out;
    const auto differs = [&](const Draft& a, const Draft& b) {
      for (const auto& field : a.fields) {
        const auto* other = b.find(field.number);
        if (other && other->values == field.values) continue;
        const std::string name = registry::field_name(kind_, field.number, options_.tongue == Tongue::german);
        if (out.find(name) == std::string::npos) out += (out.empty() ? "" : ", ") + name;
      }
    };
    differs(earlier, draft_);
    differs(draft_, earlier);
    return out;
  }

  const Options& options_;
  const registry::Kind& kind_;
  const mapping::Mapping* mapping_;
  Columns columns_;
  CellReader cells_;
  Import* out_ = nullptr;
  Draft draft_;
  std::unordered_map<std::string, std::size_t> repeats_;
  std::unordered_map<RecordKey, std::size_t, PrefixHash> by_key_;
};

}  // namespace

const DraftField* Draft::find(std::uint32_t number) const {
  for (const auto& field : fields) {
    if (field.number == number) return &field;
  }
  return nullptr;
}

RecordKey imported_key(const registry::Kind& kind, std::string_view owner, std::string_view scheme,
                       std::string_view id) {
  std::string all;
  for (const std::string_view part : {kind.name, owner, scheme, id}) {
    all += part;
    all += '\x1f';
  }
  return RecordKey::from(ByteView(crypto::hash("kiz-sync import v1", view(all))).first(RecordKey::size_bytes));
}

Import read(std::string_view bytes, const Options& options) {
  Import out;
  const auto refuse = [&](Complaint complaint) {
    out.complaints.push_back(std::move(complaint));
    return out;
  };
  const registry::Kind* kind = options.mapping ? options.mapping->kind : options.kind;
  KIZ_ASSERT(kind);
  if (bytes.size() > csv::file_bytes_max) return refuse({.code = Code::file_too_large, .allowed = "256 MiB"});
  auto decoded = text_encoding::to_utf8(bytes);
  if (!decoded) return refuse(*decoded.wrong);
  out.encoding = decoded.value.encoding;
  out.first_line_1252 = decoded.value.first_line_1252;

  char separator = options.separator;
  if (separator == 0 && options.mapping) separator = options.mapping->separator;
  csv::Reader reader(decoded.value.text, separator);
  out.separator = reader.separator();
  csv::Row row;
  if (!reader.next(row)) return refuse(reader.wrong() ? *reader.wrong() : Complaint{.code = Code::empty_file});

  auto columns = options.mapping ? bind(*options.mapping, row) : bind_own(*kind, row, options.tongue);
  if (!columns) return refuse(*columns.wrong);
  out.columns = columns.value.names;
  out.unused_columns = columns.value.unused;
  Importer importer(options, *kind, options.mapping, std::move(columns.value));
  std::size_t index = 0;
  bool more = true;
  if (options.mapping && !options.mapping->header) more = importer.row(row, index++, out);
  while (more && reader.next(row)) more = importer.row(row, index++, out);
  if (reader.wrong()) out.complaints.push_back(*reader.wrong());
  return out;
}

Import read_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                  const Options& options) {
  Import out;
  csv::Row row;
  for (const auto& name : header) row.cells.push_back({name, 0, 0});
  auto columns = bind_own(*options.kind, row, options.tongue);
  if (!columns) {
    out.complaints.push_back(*columns.wrong);
    return out;
  }
  out.columns = header;
  Importer importer(options, *options.kind, nullptr, std::move(columns.value));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    row = {i + 1, {}};
    for (std::size_t c = 0; c < rows[i].size(); ++c) row.cells.push_back({rows[i][c], i + 1, c + 1});
    if (!importer.row(row, i, out)) break;
  }
  for (auto& complaint : out.complaints) {  // the row is a record; its columns are ours and mean nothing to anyone
    complaint.record = complaint.line;
    complaint.line = complaint.column = 0;
  }
  return out;
}

}  // namespace kiz::table_import
