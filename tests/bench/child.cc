#include "tests/bench/child.h"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <system_error>

namespace kiz::bench {
namespace {

void write_all(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

std::string read_all(int fd) {
  std::string out;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(fd, piece, sizeof piece)) > 0;) out.append(piece, static_cast<std::size_t>(n));
  return out;
}

}  // namespace

Child::Child(const std::function<nlohmann::json()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
  ::malloc_trim(0);  // what this process has used and freed is not the child's
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    nlohmann::json answer;
    try {
      answer = work();
    } catch (const std::exception& error) {
      answer = {{"failed", error.what()}};
    }
    write_all(ends[1], answer.dump());
    ::_exit(0);
  }
  ::close(ends[1]);
  answer_ = ends[0];
}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(answer_);
}

bool Child::has_ended() const {
  pollfd answer{answer_, POLLIN, 0};
  return ::poll(&answer, 1, 0) == 1;
}

nlohmann::json Child::wait() {
  const std::string text = read_all(answer_);
  ::close(answer_);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  const auto answer = nlohmann::json::parse(text, nullptr, false);
  if (answer.is_discarded()) throw std::runtime_error{"a process of the benchmark ended without a word"};
  if (answer.is_object() && answer.contains("failed")) throw std::runtime_error{answer["failed"].get<std::string>()};
  return answer;
}

}  // namespace kiz::bench
