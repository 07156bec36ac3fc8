#include "libclient/csv.h"

#include <algorithm>
#include <array>

namespace kiz::csv {
namespace {

using Code = Complaint::Code;

enum class Beginning : std::uint8_t { harmless, formula, zero };

/// What a spreadsheet would make of the text after its apostrophes.
Beginning beginning(std::string_view text) {
  const auto first = text.find_first_not_of('\'');
  if (first == std::string_view::npos) return Beginning::harmless;
  text.remove_prefix(first);
  if (std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) return Beginning::formula;
  for (const std::string_view wide : {"＝", "＋", "－", "＠"}) {
    if (text.starts_with(wide)) return Beginning::formula;
  }
  const bool digit = text.size() > 1 && text[1] >= '0' && text[1] <= '9';
  return text[0] == '0' && digit ? Beginning::zero : Beginning::harmless;
}

struct Tally {
  std::size_t first = 0;  // separators in the first record
  std::size_t agree = 0;  // records with the same number
  std::size_t records = 0;
};

Tally tally(std::string_view text, char separator) {
  constexpr std::size_t records_max = 50;
  Tally out;
  std::size_t count = 0;
  bool quoted = false, filled = false;
  const auto end_record = [&] {
    if (!filled) return;
    if (out.records++ == 0) out.first = count;
    if (count == out.first) ++out.agree;
    count = 0;
    filled = false;
  };
  for (std::size_t i = 0; i < text.size() && out.records < records_max; ++i) {
    const char c = text[i];
    if (c == '"') {
      const bool opens = !quoted && (i == 0 || text[i - 1] == separator || text[i - 1] == '\n' || text[i - 1] == '\r');
      if (quoted || opens) quoted = !quoted;
      filled = true;
    } else if (quoted) {
      continue;
    } else if (c == '\n' || c == '\r') {
      end_record();
    } else {
      filled = true;
      if (c == separator) ++count;
    }
  }
  end_record();
  return out;
}

}  // namespace

char detect_separator(std::string_view text) {
  constexpr std::size_t look_bytes = 256u << 10;
  text = text.substr(0, look_bytes);
  char best = ';';
  std::size_t best_score = 0;
  for (const char candidate : {';', '\t', ','}) {
    const Tally found = tally(text, candidate);
    if (found.first == 0) continue;
    const std::size_t score = 1 + 1000 * found.agree / std::max<std::size_t>(found.records, 1);
    if (score > best_score) {
      best = candidate;
      best_score = score;
    }
  }
  return best;
}

Reader::Reader(std::string_view text, char separator) : text_(text), separator_(separator) {
  if (text_.size() > 5 && text_.substr(0, 4) == "sep=" && (text_[5] == '\r' || text_[5] == '\n')) {
    if (separator_ == 0) separator_ = text_[4];
    at_ = 5;
    end_of_line();
  }
  if (separator_ == 0) separator_ = detect_separator(text_);
}

std::size_t Reader::column(std::size_t at) const {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto begin = text_.begin() + static_cast<std::ptrdiff_t>(line_start_);
  return 1 + static_cast<std::size_t>(std::count_if(begin, text_.begin() + static_cast<std::ptrdiff_t>(at), starts));
}

bool Reader::complain(Code code, std::size_t at, std::string allowed) {
  wrong_ = Complaint{.code = code, .allowed = std::move(allowed), .line = line_, .column = column(at)};
  return false;
}

/// At CR, LF or CRLF: steps over it. False elsewhere and at the end.
bool Reader::end_of_line() {
  if (at_ >= text_.size() || (text_[at_] != '\n' && text_[at_] != '\r')) return false;
  if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  ++at_;
  ++line_;
  line_start_ = at_;
  return true;
}

bool Reader::read_quoted(Cell& cell) {
  const Complaint opened{.code = Code::unclosed_quote, .line = line_, .column = cell.column};
  const std::size_t start = ++at_;
  for (;;) {
    const auto special = text_.find_first_of("\"\n\r", at_);
    if (special == std::string_view::npos) {
      wrong_ = opened;
      return false;
    }
    if (special - start > cell_bytes_max) {
      // an unclosed quote swallows the rest of the file: name it as what it most likely is
      wrong_ = opened;
      if (text_.find('"', at_) != std::string_view::npos) wrong_->code = Code::cell_too_large;
      wrong_->allowed = "1 MiB";
      return false;
    }
    cell.text.append(text_.substr(at_, special - at_));
    at_ = special;
    if (text_[at_] != '"') {
      const std::size_t break_start = at_;
      end_of_line();
      cell.text.append(text_.substr(break_start, at_ - break_start));
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      cell.text += '"';
      at_ += 2;
    } else {
      ++at_;
      return true;
    }
  }
}

bool Reader::read_cell(Row& row) {
  if (row.cells.size() == columns_max) return complain(Code::too_many_columns, at_, std::to_string(columns_max));
  Cell& cell = row.cells.emplace_back();
  cell.line = line_;
  cell.column = row.cells.size() == 1 ? 1 : column(at_);
  if (at_ < text_.size() && text_[at_] == '"') {
    if (!read_quoted(cell)) return false;
    const bool ends = at_ >= text_.size() || text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r';
    if (!ends) return complain(Code::text_after_quote, at_);
  } else {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != separator_ && text_[end] != '\n' && text_[end] != '\r') ++end;
    if (end - at_ > cell_bytes_max) return complain(Code::cell_too_large, at_, "1 MiB");
    cell.text.assign(text_.substr(at_, end - at_));
    at_ = end;
  }
  if (const auto bare = unguard(cell.text); bare.size() != cell.text.size()) cell.text.erase(0, 1);
  return true;
}

bool Reader::next(Row& row) {
  row.cells.clear();
  while (end_of_line()) {
  }
  if (wrong_ || at_ >= text_.size()) return false;
  row.line = line_;
  for (;;) {
    if (!read_cell(row)) return false;
    if (at_ >= text_.size() || end_of_line()) return true;
    ++at_;  // the separator
  }
}

std::string begin(const Dialect& dialect) { return dialect.mark ? "\xEF\xBB\xBF" : ""; }

std::string guard(std::string_view text, const Dialect& dialect) {
  const Beginning what = beginning(text);
  const bool needed =
      what == Beginning::formula || (what == Beginning::zero && (dialect.german || text.starts_with('\'')));
  return (needed ? "'" : "") + std::string(text);
}

std::string_view unguard(std::string_view text) {
  if (text.starts_with('\'') && beginning(text) != Beginning::harmless) text.remove_prefix(1);
  return text;
}

void append(std::string& out, const std::vector<Out>& cells, const Dialect& dialect) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += dialect.separator;
    const std::string text = cells[i].bare ? cells[i].text : guard(cells[i].text, dialect);
    const bool blank_edge = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    const bool guarded = text.size() != cells[i].text.size();
    const char specials[] = {'"', '\n', '\r', '\t', dialect.separator, '\0'};
    // a row of one empty cell would be a blank line, and read as none
    const bool lost = cells.size() == 1 && text.empty();
    if (!blank_edge && !guarded && !lost && text.find_first_of(specials) == std::string::npos) {
      out += text;
      continue;
    }
    out += '"';
    for (const char c : text) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += "\r\n";
}

}  // namespace kiz::csv
