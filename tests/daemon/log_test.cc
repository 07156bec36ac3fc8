#include "daemon/log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

using namespace kiz;

namespace {

/// What is written to standard error while it lives.
class Captured {
 public:
  Captured() : file_(std::tmpfile()), before_(::dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    std::fflush(stderr);
    ::dup2(::fileno(file_), STDERR_FILENO);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() {
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    std::fclose(file_);
  }
  std::string text() const {
    std::fflush(stderr);
    std::string out(1 << 16, '\0');
    out.resize(static_cast<std::size_t>(::pread(::fileno(file_), out.data(), out.size(), 0)));
    return out;
  }

 private:
  std::FILE* file_;
  int before_;
};

}  // namespace

TEST_CASE("log: whatever a part holds, a record stays one line of printable characters") {
  const std::vector<std::string> ugly = {"a\n2026-11-29T00:00:00.000Z info set_up authority=true", "b\r\nforged", "c\x1b[2Jd", std::string("e\0f", 3),
                                         "g\xe2\x80\xa8h", "i\x7fj\x85k", "\n\n\n", std::string(5000, '\n')};
  std::string text;
  {
    const Captured captured;
    log::start();
    for (const std::string& part : ugly) log::info("peer_refused", "reason={}", part);
    text = captured.text();
  }
  std::size_t lines = 0;
  std::size_t foreign = 0;
  for (const char c : text) {
    lines += c == '\n' ? 1u : 0u;
    foreign += c != '\n' && (c < ' ' || c > '~') ? 1u : 0u;
  }
  CHECK(lines == ugly.size());
  CHECK(foreign == 0);
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) CHECK(text.substr(at, 80).find(" info peer_refused reason=") != std::string::npos);
}
