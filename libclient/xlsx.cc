#include "libclient/xlsx.h"

#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "libclient/safe_text.h"

namespace kiz::xlsx {
namespace {

constexpr std::size_t name_characters_max = 31;
constexpr double column_widest = 60, column_narrowest = 6;
constexpr std::size_t exact_digits_max = 15;  // a spreadsheet calculates with doubles

// A file that has no place on any disk.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("kiz-xlsx", MFD_CLOEXEC)) {}
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  explicit operator bool() const { return fd_ >= 0; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

  Result<std::string> bytes() const {
    const off_t size = ::lseek(fd_, 0, SEEK_END);
    if (size <= 0) return Error{Errc::io_error, "workbook"};
    std::string out(static_cast<std::size_t>(size), '\0');
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t n = ::pread(fd_, out.data() + at, out.size() - at, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return Error{Errc::io_error, "workbook"};
      at += static_cast<std::size_t>(n);
    }
    return out;
  }

 private:
  int fd_;
};

std::size_t utf16_units(std::string_view text) {
  std::size_t units = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    units += (byte & 0xC0U) == 0x80U ? 0 : byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string shortened(std::string text, std::size_t units_max) {
  if (utf16_units(text) <= units_max) return text;
  while (utf16_units(text) > units_max - 1) {
    do text.pop_back();
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.pop_back();
  }
  return text + "…";
}

// "_x0041_" is how the format writes a control character: a text that has this in itself must not be read so.
std::string unlike_escapes(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text.compare(at, 2, "_x") == 0 && at + 6 < text.size() && text[at + 6] == '_' &&
                        text.find_first_not_of("0123456789abcdefABCDEF", at + 2) == at + 6;
    out += escape ? "_x005F_" : std::string(1, text[at]);
  }
  return out;
}

std::string cell_text(const std::string& text) { return shortened(unlike_escapes(safe_text::lines(text)), cell_characters_max); }

std::string sheet_name(const std::string& name) {
  std::string out = safe_text::line(name);
  std::replace_if(out.begin(), out.end(), [](char c) { return std::string_view{"[]:*?/\\'"}.find(c) != std::string_view::npos; }, '-');
  return shortened(out.empty() ? "-" : out, name_characters_max);
}

std::optional<double> number_in(const csv::Out& cell) {
  if (!cell.bare || cell.text.empty() || cell.text.size() > exact_digits_max) return std::nullopt;
  std::int64_t n = 0;
  const auto [end, wrong] = std::from_chars(cell.text.data(), cell.text.data() + cell.text.size(), n);
  if (wrong != std::errc{} || end != cell.text.data() + cell.text.size()) return std::nullopt;
  return static_cast<double>(n);
}

lxw_col_t column(std::size_t n) { return static_cast<lxw_col_t>(n); }
lxw_row_t row(std::size_t n) { return static_cast<lxw_row_t>(n); }

void fill(lxw_workbook* book, lxw_worksheet* page, const Sheet& sheet) {
  lxw_format* bold = workbook_add_format(book);
  format_set_bold(bold);
  lxw_format* wrapped = workbook_add_format(book);
  format_set_text_wrap(wrapped);
  format_set_align(wrapped, LXW_ALIGN_VERTICAL_TOP);
  std::vector<std::size_t> widths(sheet.header.size(), 0);
  for (std::size_t c = 0; c < sheet.header.size(); ++c) {
    worksheet_write_string(page, 0, column(c), cell_text(sheet.header[c]).c_str(), bold);
    widths[c] = safe_text::width(sheet.header[c]);
  }
  for (std::size_t r = 0; r < sheet.rows.size(); ++r) {
    for (std::size_t c = 0; c < sheet.rows[r].size(); ++c) {
      const csv::Out& cell = sheet.rows[r][c];
      if (cell.text.empty()) continue;
      if (const auto number = number_in(cell)) {
        worksheet_write_number(page, row(r + 1), column(c), *number, nullptr);
      } else {
        worksheet_write_string(page, row(r + 1), column(c), cell_text(cell.text).c_str(), wrapped);
      }
      if (c < widths.size()) widths[c] = std::max(widths[c], std::min<std::size_t>(cell.text.size(), 200));
    }
  }
  for (std::size_t c = 0; c < widths.size(); ++c) {
    worksheet_set_column(page, column(c), column(c), std::clamp(static_cast<double>(widths[c]) + 2, column_narrowest, column_widest), nullptr);
  }
  worksheet_freeze_panes(page, 1, 0);
}

void fill_notes(lxw_workbook* book, const Sheet& sheet) {
  if (sheet.notes.empty()) return;
  lxw_worksheet* page = workbook_add_worksheet(book, sheet_name(sheet.notes_name).c_str());
  if (page == nullptr) return;
  worksheet_set_column(page, 0, 0, 100, nullptr);
  for (std::size_t r = 0; r < sheet.notes.size(); ++r) {
    worksheet_write_string(page, row(r), 0, cell_text(sheet.notes[r]).c_str(), nullptr);
  }
}

}  // namespace

Result<std::string> write(const Sheet& sheet) {
  if (sheet.rows.size() >= rows_max) return Error{Errc::over_limit, "rows of a workbook"};
  const MemoryFile file;
  if (!file) return Error{Errc::io_error, "workbook"};
  const std::string path = file.path();
  std::string scratch = "/dev/shm";
  lxw_workbook_options options{};
  if (::access(scratch.c_str(), W_OK) == 0) options.tmpdir = scratch.data();
  lxw_workbook* book = workbook_new_opt(path.c_str(), &options);
  if (book == nullptr) return Error{Errc::io_error, "workbook"};
  lxw_worksheet* page = workbook_add_worksheet(book, sheet_name(sheet.name).c_str());
  if (page != nullptr) {
    fill(book, page, sheet);
    fill_notes(book, sheet);
  }
  const lxw_error failed = workbook_close(book);  // writes, and lets go of all of it
  if (failed != LXW_NO_ERROR || page == nullptr) return Error{failed == LXW_ERROR_MEMORY_MALLOC_FAILED ? Errc::no_space : Errc::io_error, "workbook"};
  return file.bytes();
}

}  // namespace kiz::xlsx
