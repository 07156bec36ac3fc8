// The log: one event, one record, `event key=value key=value`. Under systemd it goes to the journal with its parts as
// fields (journal.h); else one line on standard error with time and level.
//
// A line says which thing (a device by its reference G-2, a count, a code), never values, names, addresses of people or
// keys. Control characters cannot get through: whatever they came in, one event stays one line. An event that comes
// again and again is written a few times a minute and then counted.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace kiz::log {

enum class Level { debug, info, warning, error };

/// Once, at the start of main. Where standard error is the journal, but its socket takes nothing, lines carry their
/// priority (<6>).
void start();
void set_level(Level level);

/// `fields`: "key=value key=value", may be empty.
void write(Level level, std::string_view event, std::string fields);

/// Records written since the start, by level.
std::array<std::pair<std::string_view, std::uint64_t>, 4> counts();

template <class... Args>
void debug(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) {
  write(Level::debug, event, fmt::format(fields, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) {
  write(Level::info, event, fmt::format(fields, std::forward<Args>(args)...));
}
template <class... Args>
void warning(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) {
  write(Level::warning, event, fmt::format(fields, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view event, fmt::format_string<Args...> fields, Args&&... args) {
  write(Level::error, event, fmt::format(fields, std::forward<Args>(args)...));
}

}  // namespace kiz::log
