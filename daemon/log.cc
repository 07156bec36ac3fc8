#include "daemon/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>

#include "daemon/journal.h"

namespace kiz::log {
namespace {

constexpr unsigned lines_per_minute = 10;  // of one event

constexpr std::size_t fields_bytes_max = 2000;

struct Front {
  std::shared_ptr<spdlog::logger> lines;
  bool journal = false;      // standard error ends there
  journal::Socket socket;    // its own way in, where it is open
  std::array<std::uint64_t, 4> written{};
  struct Recent {
    std::chrono::steady_clock::time_point since;
    unsigned lines = 0;
    unsigned held_back = 0;
  };
  std::map<std::string, Recent, std::less<>> recent;  // bounded: events are words of our own
};

Front& front() {
  static Front it;
  return it;
}

// systemd names the device and inode of the journal's socket; standard error may have been sent elsewhere since.
bool stderr_is_journal() {
  const char* named = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (named == nullptr || ::fstat(STDERR_FILENO, &file) != 0) return false;
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == named;
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warning: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

int priority_of(Level level) {
  switch (level) {
    case Level::debug: return 7;
    case Level::info: return 6;
    case Level::warning: return 4;
    case Level::error: return 3;
  }
  return 6;
}

std::string plain(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

// How many lines of this event were held back and are to be told of now; empty: hold this one back too.
std::optional<unsigned> admit(std::string_view event) {
  const auto now = std::chrono::steady_clock::now();
  auto [at, fresh] = front().recent.try_emplace(std::string{event});
  Front::Recent& recent = at->second;
  unsigned held_back = 0;
  if (fresh || now - recent.since > std::chrono::minutes{1}) {
    held_back = recent.held_back;
    recent = {now, 0, 0};
  }
  if (++recent.lines > lines_per_minute) {
    ++recent.held_back;
    return std::nullopt;
  }
  return held_back;
}

}  // namespace

void start() {
  Front& it = front();
  it.journal = stderr_is_journal();
  if (it.journal) it.socket = journal::Socket::connect();
  it.lines = spdlog::stderr_logger_st("kizd");
  it.lines->set_pattern(it.journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  it.lines->flush_on(spdlog::level::debug);
}

void set_level(Level level) {
  if (front().lines) front().lines->set_level(level_of(level));
}

std::array<std::pair<std::string_view, std::uint64_t>, 4> counts() {
  const auto& written = front().written;
  return {{{"debug", written[0]}, {"info", written[1]}, {"warning", written[2]}, {"error", written[3]}}};
}

void write(Level level, std::string_view event, std::string fields) {
  Front& it = front();
  if (!it.lines || !it.lines->should_log(level_of(level))) return;
  const auto held_back = admit(event);
  if (!held_back) return;
  ++it.written[static_cast<std::size_t>(level)];
  if (fields.size() > fields_bytes_max) fields.resize(fields_bytes_max);
  fields = plain(fields);
  if (*held_back > 0) fields += (fields.empty() ? "held_back=" : " held_back=") + std::to_string(*held_back);
  if (it.socket && it.socket.send(journal::datagram(journal::record(plain(event), fields, priority_of(level))))) return;
  std::string line = it.journal ? "<" + std::to_string(priority_of(level)) + ">" : "";
  line += plain(event);
  if (!fields.empty()) line += " " + fields;
  it.lines->log(level_of(level), "{}", line);
}

}  // namespace kiz::log
