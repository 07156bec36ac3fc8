#include "cli/progress_line.h"

#include <doctest/doctest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "libclient/translate.h"

using namespace kiz::cli;
using namespace std::chrono_literals;

namespace {

// What was written to a file, or to a terminal of 40 columns.
class Paper {
 public:
  explicit Paper(bool terminal) {
    if (terminal) {
      winsize size{};
      size.ws_col = 40;
      size.ws_row = 10;
      REQUIRE(::openpty(&near_, &far_, nullptr, nullptr, &size) == 0);
      file_ = ::fdopen(far_, "w");
    } else {
      file_ = std::tmpfile();
    }
    REQUIRE(file_ != nullptr);
  }
  ~Paper() {
    std::fclose(file_);
    if (near_ >= 0) ::close(near_);
  }
  std::FILE* file() { return file_; }

  std::string read() {
    char buffer[4096];
    std::fflush(file_);
    if (near_ >= 0) {
      std::fputs("$", file_);  // tells the end: a terminal hands out what it has in pieces
      std::fflush(file_);
      std::string all;
      while (!all.ends_with('$')) {
        const ssize_t n = ::read(near_, buffer, sizeof buffer);
        REQUIRE(n > 0);
        all.append(buffer, static_cast<std::size_t>(n));
      }
      return all.substr(0, all.size() - 1);
    }
    std::rewind(file_);
    return {buffer, std::fread(buffer, 1, sizeof buffer, file_)};
  }

 private:
  int near_ = -1, far_ = -1;
  std::FILE* file_ = nullptr;
};

const ProgressLine::Clock::time_point start{};

}  // namespace

TEST_CASE("progress line: it says how much is done, how fast, and how long it will take") {
  kiz::set_language("en");
  CHECK(progress_sentence("writing", 1200, 10'000, 2) == "writing: 1,200 of 10,000, 600/s, 15 s left");
  CHECK(progress_sentence("writing", 1200, 1'000'000, 2) == "writing: 1,200 of 1,000,000, 600/s, 28 min left");
  CHECK(progress_sentence("exchanging", 1200, 0, 2) == "exchanging: 1,200, 600/s");
  CHECK(progress_sentence("writing", 0, 10, 2) == "writing: 0 of 10");
  CHECK(progress_sentence("writing", 10, 10, 2) == "writing: 10 of 10, 5/s");
}

TEST_CASE("progress line: on a terminal nothing comes in the first half second, then one line is rewritten and taken away") {
  Paper paper{true};
  {
    Output out{paper.file(), Colour::never};
    ProgressLine line{out, true, start};
    line.update("writing", 1, 10, start + 100ms);
    line.update("writing", 4, 10, start + 499ms);
    CHECK(paper.read().empty());
    line.update("writing", 5, 10, start + 600ms);
    const std::string first = paper.read();
    CHECK(first.starts_with("\rwriting: 5 of 10"));
    CHECK(first.size() <= 40);  // \r and at most 39 columns
    line.update("writing", 6, 10, start + 650ms);
    CHECK(paper.read().empty());  // not more often than an eye can follow
    line.update("writing", 7, 10, start + 800ms);
    CHECK(paper.read().starts_with("\rwriting: 7 of 10"));
  }
  const std::string end = paper.read();
  CHECK(end.size() > 2);
  CHECK(end.front() == '\r');
  CHECK(end.back() == '\r');
  CHECK(end.find_first_not_of("\r ") == std::string::npos);
}

TEST_CASE("progress line: the rate of a stage is known with its first word") {
  kiz::set_language("en");
  Paper paper{true};
  Output out{paper.file(), Colour::never};
  ProgressLine line{out, true, start};
  line.update("writing", 600, 1000, start + 600ms);
  CHECK(paper.read().starts_with("\rwriting: 600 of 1,000, 1,000/s"));
}

TEST_CASE("progress line: away from a terminal a plain line comes every ten seconds") {
  Paper paper{false};
  Output out{paper.file(), Colour::never};
  ProgressLine line{out, true, start};
  for (int second = 0; second <= 25; ++second) line.update("writing", 10u * static_cast<unsigned>(second), 1000, start + second * 1s);
  line.clear();
  const std::string text = paper.read();
  CHECK(text.find('\r') == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.starts_with("writing: 100 "));
}

TEST_CASE("progress line: with --quiet nothing is said") {
  Paper paper{false};
  Output out{paper.file(), Colour::never};
  ProgressLine line{out, false, start};
  CHECK_FALSE(line.watch());
  line.update("writing", 1, 10, start + 60s);
  CHECK(paper.read().empty());
}
