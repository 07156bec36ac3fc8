#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "libclient/safe_text.h"

namespace kiz::cli {

namespace {
constexpr std::size_t width_min = 20, width_max = 160, gap = 2;
constexpr std::size_t word_max = 24;  // a longer one may be broken in a table: an address, an identifier

std::size_t width_of(std::FILE* to, bool terminal) {
  winsize size{};
  if (terminal && ::ioctl(::fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS"); columns != nullptr) {
    if (const auto n = std::strtoul(columns, nullptr, 10); n > 0) return n;
  }
  return 80;
}

bool wants_colour(Colour colour, bool terminal) {
  if (colour != Colour::automatic) return colour == Colour::always;
  const char* no = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return terminal && (no == nullptr || *no == '\0') && (term == nullptr || std::strcmp(term, "dumb") != 0);
}

std::string_view code(Style style) {
  switch (style) {
    case Style::plain: return {};
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::good: return "\x1b[32m";
    case Style::warn: return "\x1b[33m";
    case Style::bad: return "\x1b[31m";
  }
  return {};
}

// Code points below the first of each pair and above the second are shown as they are.
bool hidden(char32_t c) {
  return (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

// Columns of a cell as it is shown.
std::size_t shown_width(std::string_view text) {
  if (const auto plain = safe_text::plain_width(text)) return *plain;
  return safe_text::width(safe_text::line(text));
}

// Columns of the longest word, as it is shown.
std::size_t longest_word(std::string_view text) {
  std::size_t longest = 0;
  std::string made;
  std::string_view safe = text;
  if (!safe_text::plain_width(text)) safe = made = safe_text::line(text);
  for (std::size_t at = 0; at < safe.size();) {
    const std::size_t end = std::min(safe.find(' ', at), safe.size());
    if (end - at > longest) longest = std::max(longest, safe_text::width(safe.substr(at, end - at)));  // no byte takes more than a column
    at = end + 1;
  }
  return longest;
}

// The next code point of valid UTF-8 and how many bytes it takes.
std::pair<char32_t, std::size_t> next_code_point(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 1 || length > text.size()) return {first, 1};
  char32_t c = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {c, length};
}

void append_escape(std::string& out, char32_t c) {
  char buffer[16];
  if (c >= 0x10000) {
    const auto rest = static_cast<unsigned>(c - 0x10000);
    std::snprintf(buffer, sizeof buffer, "\\u%04x\\u%04x", 0xD800U + (rest >> 10), 0xDC00U + (rest & 0x3FFU));
  } else {
    std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
  }
  out += buffer;
}
}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  std::size_t used = 0;
  const auto finish = [&] {
    lines.push_back(std::move(line));
    line.clear();
    used = 0;
  };
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = text.find(' ', at);
    if (end == std::string_view::npos) end = text.size();
    std::string_view word = text.substr(at, end - at);
    std::size_t columns = safe_text::width(word);
    if (used > 0 && used + 1 + columns > width) finish();
    while (columns > width) {  // a word longer than a line is cut where the line ends, nothing is left out
      std::size_t bytes = 0;
      std::size_t taken = 0;
      while (bytes < word.size()) {
        const std::size_t length = next_code_point(word.substr(bytes)).second;
        const std::size_t wide = safe_text::width(word.substr(bytes, length));
        if (taken + wide > width && bytes > 0) break;
        taken += wide;
        bytes += length;
      }
      line = std::string{word.substr(0, bytes)};
      finish();
      word.remove_prefix(bytes);
      columns = safe_text::width(word);
    }
    if (used > 0) {
      line += ' ';
      ++used;
    } else if (at == 0 && word.empty()) {
      line += ' ';  // leading blanks are someone's indentation
    }
    line += word;
    used += columns;
    at = end + 1;
  }
  if (!line.empty() || lines.empty()) finish();
  return lines;
}

std::string safe_json(const Json& value, int indent) {
  const std::string plain = value.dump(indent, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(plain.size());
  for (std::string_view rest{plain}; !rest.empty();) {
    const auto [c, length] = next_code_point(rest);
    if (hidden(c)) {
      append_escape(out, c);
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

Output::Output(std::FILE* to, Colour colour, std::size_t width)
    : to_(to),
      terminal_(::isatty(::fileno(to)) == 1),
      coloured_(wants_colour(colour, terminal_)),
      width_(std::clamp(width > 0 ? width : width_of(to, terminal_), width_min, width_max)) {}

void Output::print(std::string_view line, Style style) {
  const auto end = line.find_last_not_of(' ');
  line = line.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const std::string_view start = coloured_ && !line.empty() ? code(style) : std::string_view{};
  std::fwrite(start.data(), 1, start.size(), to_);
  std::fwrite(line.data(), 1, line.size(), to_);
  std::fputs(start.empty() ? "\n" : "\x1b[0m\n", to_);
}

void Output::line(std::string_view text, Style style, std::size_t indent) {
  const std::string safe = safe_text::lines(text);
  indent = std::min(indent, width_ / 3);
  for (std::size_t at = 0; at <= safe.size();) {
    const std::size_t end = std::min(safe.find('\n', at), safe.size());
    for (const std::string& part : wrapped(std::string_view{safe}.substr(at, end - at), width_ - indent)) {
      print(std::string(indent, ' ') + part, style);
    }
    at = end + 1;
  }
}

void Output::command(std::string_view text, std::size_t indent) {
  const std::string safe = safe_text::line(text);
  const auto parts = wrapped(safe, width_ - indent - 4);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    print(std::string(i == 0 ? indent : indent + 2, ' ') + parts[i] + (i + 1 < parts.size() ? " \\" : ""), Style::bold);
  }
}

void Output::pair(std::string_view label, std::string_view value, std::size_t label_width, Style style) {
  const std::string name = label.empty() ? std::string{} : safe_text::line(label) + ":";
  const std::size_t indent = std::min(label_width, width_ / 2 + 2);
  if (safe_text::width(name) >= indent) {
    const std::string both = name + " " + safe_text::lines(value);
    return line(both, style);
  }
  std::string head = safe_text::pad(name, indent);
  const std::string safe = safe_text::lines(value);
  for (std::size_t at = 0; at <= safe.size();) {
    const std::size_t end = std::min(safe.find('\n', at), safe.size());
    for (const std::string& part : wrapped(std::string_view{safe}.substr(at, end - at), width_ - indent)) {
      print(head + part, style);
      head.assign(indent, ' ');
    }
    at = end + 1;
  }
}

void Output::blocks(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  for (const auto& row : rows) {
    std::string head = row.empty() ? std::string{} : row[0];
    if (row.size() > 1 && !row[1].empty()) head += "  " + row[1];
    line(head, Style::bold);
    for (std::size_t i = 2; i < row.size() && i < columns.size(); ++i) {
      if (!row[i].empty()) line((columns[i].header.empty() ? "" : columns[i].header + ": ") + row[i], Style::plain, 2);
    }
  }
}

void Output::table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const Column& column : columns) widths.push_back(safe_text::width(column.header));
  const auto widen = [&](std::vector<std::size_t>& all, std::size_t (*of)(std::string_view)) {
    for (const auto& row : rows) {
      for (std::size_t c = 0; c < std::min(columns.size(), row.size()); ++c) all[c] = std::max(all[c], of(row[c]));
    }
  };
  widen(widths, shown_width);
  const auto total = [&] {
    std::size_t sum = columns.empty() ? 0 : gap * (columns.size() - 1);
    for (const std::size_t w : widths) sum += w;
    return sum;
  };
  // The widest column that may be narrowed gives way, until all fit. Words stay whole unless one is very long.
  std::vector<std::size_t> floors;
  if (total() > width_) {
    for (const Column& column : columns) floors.push_back(std::max(column.floor, safe_text::width(column.header)));
    std::vector<std::size_t> words(columns.size(), 0);
    widen(words, longest_word);
    for (std::size_t c = 0; c < columns.size(); ++c) floors[c] = std::max(floors[c], std::min(words[c], word_max));
  }
  while (total() > width_) {
    std::size_t widest = columns.size();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (columns[c].whole || widths[c] <= floors[c]) continue;
      if (widest == columns.size() || widths[c] > widths[widest]) widest = c;
    }
    if (widest == columns.size()) return blocks(columns, rows);
    --widths[widest];
  }

  std::string out, made;
  const auto laid_out = [&](const std::vector<std::string>& cells) -> const std::string& {
    out.clear();
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::string_view cell = c < cells.size() ? std::string_view{cells[c]} : std::string_view{};
      auto width = safe_text::plain_width(cell);
      if (!width) {
        cell = made = safe_text::line(cell);
        width = safe_text::width(cell);
      }
      const std::size_t blank = widths[c] - std::min(widths[c], *width);
      if (columns[c].right) out.append(blank, ' ');
      out += cell;
      if (!columns[c].right) out.append(blank, ' ');
      if (c + 1 < columns.size()) out.append(gap, ' ');
    }
    return out;
  };
  const auto print_row = [&](const std::vector<std::string>& row) {
    const auto fits = [&](std::size_t c) { return safe_text::plain_width(row[c]).value_or(SIZE_MAX) <= widths[c]; };
    std::size_t fitting = 0;
    while (fitting < row.size() && fitting < columns.size() && fits(fitting)) ++fitting;
    if (floors.empty() || fitting == std::min(columns.size(), row.size())) return print(laid_out(row), Style::plain);
    std::vector<std::vector<std::string>> cells;
    std::size_t lines = 1;
    for (std::size_t c = 0; c < std::min(columns.size(), row.size()); ++c) {
      cells.push_back(c < fitting || fits(c) ? std::vector{row[c]} : wrapped(safe_text::line(row[c]), widths[c]));
      lines = std::max(lines, cells.back().size());
    }
    for (std::size_t at = 0; at < lines; ++at) {
      std::vector<std::string> one;
      for (const auto& cell : cells) one.push_back(at < cell.size() ? cell[at] : std::string{});
      print(laid_out(one), Style::plain);
    }
  };
  std::vector<std::string> headers;
  for (const Column& column : columns) headers.push_back(column.header);
  if (std::any_of(headers.begin(), headers.end(), [](const std::string& h) { return !h.empty(); })) {
    print(laid_out(headers), Style::bold);
  }
  for (const auto& row : rows) print_row(row);
}

void Output::json(const Json& object) { raw(safe_json(object, terminal_ ? 2 : -1) + "\n"); }

void Output::raw(std::string_view bytes) { std::fwrite(bytes.data(), 1, bytes.size(), to_); }

}  // namespace kiz::cli
