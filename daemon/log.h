// The log: one event, one line, `event key=value key=value` on standard error; journald keeps it from there.
//
// A line says which thing (a device by its reference G-2, a count, a code), never values, names, addresses of people or
// keys. Control characters cannot get through: whatever they came in, one event stays one line. An event that comes
// again and again is written a few times a minute and then counted.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace kiz::log {

enum class Level { debug, info, warning, error };

/// Once, at the start of main. Under systemd lines carry their priority (<6>), else time and level.
void start();
void set_level(Level level);

/// `fields`: "key=value key=value", may be empty.
void write(Level level, std::string_view event, std::string fields);

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
