#include "libclient/intake_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "libclient/machine_words.h"
#include "protocol/entry_fields.h"

namespace kiz {
namespace {

constexpr std::uint8_t mark_idle = 0, mark_under_way = 1, mark_failed = 2;

constexpr std::size_t header_bytes = 5;
constexpr std::size_t file_bytes_max = header_bytes + 2 * (IntakeGuard::names_max * 32 + 4);
constexpr int own_failures[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

// What the handler marks: the note of the transaction that this process is in. One store at a time takes runs in a thread.
std::atomic<int> marked_on_failure{-1};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void mark_failure(int signal) {
  const std::uint8_t mark = mark_failed;
  if (const int fd = marked_on_failure.load(); fd >= 0) static_cast<void>(!::pwrite(fd, &mark, 1, 0));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void add(std::vector<Hash>& to, const Hash& name) {
  const auto at = std::lower_bound(to.begin(), to.end(), name);
  if ((at == to.end() || *at != name) && to.size() < IntakeGuard::names_max) to.insert(at, name);
}

}  // namespace

template <class Archive>
void IntakeGuard::Note::serialize(Archive& ar) {
  ar(wire::sorted_set(under_way, names_max, 32), wire::sorted_set(suspects, names_max, 32));
}

IntakeGuard::IntakeGuard(IntakeGuard&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, note_{std::move(other.note_)}, failed_on_{std::move(other.failed_on_)} {}
IntakeGuard& IntakeGuard::operator=(IntakeGuard&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(note_, other.note_);
  std::swap(failed_on_, other.failed_on_);
  return *this;
}
IntakeGuard::~IntakeGuard() {
  if (fd_ >= 0) ::close(fd_);
}

Result<IntakeGuard> IntakeGuard::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{errno == ENOSPC ? Errc::no_space : Errc::io_error, path + ": " + machine_words(errno)};
  IntakeGuard out{fd};
  Bytes bytes(file_bytes_max);
  const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (n < static_cast<ssize_t>(header_bytes)) return out;
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::size_t{bytes[1 + i]} << (8 * i);
  if (length > static_cast<std::size_t>(n) - header_bytes) return out;
  auto note = wire::decode<Note>(ByteView{bytes.data() + header_bytes, length});
  if (!note) return out;
  out.note_ = std::move(*note);
  if (bytes[0] == mark_failed) out.failed_on_ = out.note_.under_way;
  out.note_.under_way.clear();
  return out;
}

bool IntakeGuard::is_suspect(const Hash& name) const {
  return std::binary_search(note_.suspects.begin(), note_.suspects.end(), name);
}

void IntakeGuard::suspect(const std::vector<Hash>& names) {
  for (const Hash& name : names) add(note_.suspects, name);
  write(mark_idle);
}

void IntakeGuard::acquit_all() {
  note_.suspects.clear();
  write(mark_idle);
}

void IntakeGuard::begin(const std::vector<Hash>& names) {
  note_.under_way.clear();
  for (const Hash& name : names) add(note_.under_way, name);
  write(mark_under_way);
  marked_on_failure = fd_;
}

void IntakeGuard::end() {
  marked_on_failure = -1;
  const std::uint8_t mark = mark_idle;
  static_cast<void>(!::pwrite(fd_, &mark, 1, 0));
}

void IntakeGuard::write(std::uint8_t mark) {
  const Bytes body = wire::encode(note_);
  Bytes bytes{mark};
  for (std::size_t i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(body.size() >> (8 * i)));
  bytes.insert(bytes.end(), body.begin(), body.end());
  static_cast<void>(!::pwrite(fd_, bytes.data(), bytes.size(), 0));
}

void mark_own_failures() {
  struct sigaction action = {};
  action.sa_handler = mark_failure;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : own_failures) sigaction(signal, &action, nullptr);
}

}  // namespace kiz
