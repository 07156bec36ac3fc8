// Text from data made harmless for where it is shown. A title may hold anything that UTF-8 can say: escape sequences
// that repaint a terminal, marks that turn the reading direction, characters without width. They stay in the data and
// in every export; only what is shown is escaped, and visibly so.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kiz::safe_text {

/// For a terminal: control characters (C0 but line feed and tab, DEL, C1), bidirectional marks (U+200E, U+200F, U+061C,
/// U+202A..E, U+2066..9), characters without width (U+200B..D, U+2060..4, U+FEFF, soft hyphen), line and paragraph
/// separators, tags (U+E0000 block) and bytes that are not UTF-8 become visible: "\x1b", "\u{202e}". A zero-width
/// joiner between two emoji or letters stays: scripts need it. Tab becomes one blank.
std::string lines(std::string_view text);

/// The same in one line: line breaks become "\n" written out; clipped to `columns_max` with "…". For tables, logs,
/// prompts.
std::string line(std::string_view text, std::size_t columns_max = static_cast<std::size_t>(-1));

/// Columns a terminal needs for one line: 2 for East Asian wide characters and emoji, 0 for combining marks.
std::size_t width(std::string_view text);

/// The same for text that line() leaves as it is, printable ASCII and Latin letters: most text is nothing else, and neither has
/// to be made for it. nullopt: something else is in it.
std::optional<std::size_t> plain_width(std::string_view text);

/// At most `columns_max` columns, cut at a character (never inside a combining sequence), ending in "…" when cut.
std::string clip(std::string_view text, std::size_t columns_max);

/// clip, then blanks up to `columns`: a table's cell.
std::string pad(std::string_view text, std::size_t columns);

/// For HTML text and quoted attributes: & < > " ' as entities, then the same marks as in lines() made visible.
std::string html(std::string_view text);

}  // namespace kiz::safe_text
