#include "libclient/last_heads.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "libclient/machine_words.h"
#include "protocol/entry_fields.h"

namespace kiz {
namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::size_t slot_header_bytes = 8 + 4 + tag_bytes;
constexpr std::size_t slot_bytes = 256 << 10;  // heads_max heads of at most 74 bytes; the file is sparse

void put(std::uint8_t* out, std::uint64_t v, int bytes) {
  for (int i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(v >> (8 * i));
}
std::uint64_t get(const std::uint8_t* in, int bytes) {
  std::uint64_t v = 0;
  for (int i = 0; i < bytes; ++i) v |= std::uint64_t{in[i]} << (8 * i);
  return v;
}

// Covers turn, length and body: slots cannot be mixed.
std::array<std::uint8_t, tag_bytes> tag_of(const SecretKey32& key, std::uint64_t turn, ByteView body) {
  Bytes covered(8);
  put(covered.data(), turn, 8);
  covered.insert(covered.end(), body.begin(), body.end());
  std::array<std::uint8_t, tag_bytes> out;
  derive(key.view(), "kiz-sync last heads slot v1", covered, out);
  return out;
}

struct Slot {
  std::uint64_t turn = 0;
  LastNote note;
};

std::optional<Slot> read_slot(int fd, const SecretKey32& key, std::uint64_t index) {
  Bytes bytes(slot_bytes);
  const ssize_t n = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(index * slot_bytes));
  if (n < static_cast<ssize_t>(slot_header_bytes)) return std::nullopt;
  const std::uint64_t turn = get(bytes.data(), 8);
  const std::uint64_t length = get(bytes.data() + 8, 4);
  if (turn % 2 != index || length > static_cast<std::size_t>(n) - slot_header_bytes) return std::nullopt;
  const ByteView body{bytes.data() + slot_header_bytes, static_cast<std::size_t>(length)};
  const auto tag = tag_of(key, turn, body);
  if (!equal_in_constant_time(tag, {bytes.data() + 12, tag_bytes})) return std::nullopt;
  auto note = wire::decode<LastNote>(body);
  if (!note) return std::nullopt;
  return Slot{turn, std::move(*note)};
}

}  // namespace

template <class Archive>
void LastNote::serialize(Archive& ar) {
  ar(wire::sorted_set(heads, LastHeads::heads_max, 65), control);
}

LastHeads::LastHeads(int fd, const StoreKey& key) : fd_{fd} {
  derive(key.view(), "kiz-sync last heads v1", {}, key_.writable());
}
LastHeads::LastHeads(LastHeads&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)},
      key_{std::move(other.key_)},
      turn_{other.turn_},
      last_{std::move(other.last_)} {}
LastHeads& LastHeads::operator=(LastHeads&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(key_, other.key_);
  std::swap(turn_, other.turn_);
  std::swap(last_, other.last_);
  return *this;
}
LastHeads::~LastHeads() {
  if (fd_ >= 0) ::close(fd_);
}

Result<LastHeads> LastHeads::open(const std::string& path, const StoreKey& key) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Error{errno == ENOSPC ? Errc::no_space : Errc::io_error, path + ": " + machine_words(errno)};
  LastHeads out{fd, key};
  for (const std::uint64_t index : {0u, 1u}) {
    auto slot = read_slot(fd, out.key_, index);
    if (!slot || slot->turn < out.turn_) continue;
    out.turn_ = slot->turn;
    out.last_ = std::move(slot->note);
  }
  return out;
}

Result<void> LastHeads::note(const std::vector<Head>& heads, Seq control) {
  LastNote note{last_.heads, control};
  for (const Head& head : heads) {
    const auto before = [](const Head& one, const LogId& log) { return one.log < log; };
    const auto at = std::lower_bound(note.heads.begin(), note.heads.end(), head.log, before);
    if (at != note.heads.end() && at->log == head.log) {
      *at = head;
    } else if (note.heads.size() < heads_max) {
      note.heads.insert(at, head);
    }
  }
  return write(std::move(note));
}

Result<void> LastHeads::forget(Seq control) { return write({{}, control}); }

Result<void> LastHeads::write(LastNote note) {
  const std::uint64_t turn = turn_ + 1;
  const Bytes body = wire::encode(note);
  const auto tag = tag_of(key_, turn, body);
  Bytes slot(slot_header_bytes);
  put(slot.data(), turn, 8);
  put(slot.data() + 8, body.size(), 4);
  std::copy(tag.begin(), tag.end(), slot.begin() + 12);
  slot.insert(slot.end(), body.begin(), body.end());
  const auto at = static_cast<off_t>(turn % 2 * slot_bytes);
  const ssize_t written = ::pwrite(fd_, slot.data(), slot.size(), at);
  if (written < 0) return Error{errno == ENOSPC ? Errc::no_space : Errc::io_error, "last heads"};
  if (written != static_cast<ssize_t>(slot.size())) return Error{Errc::no_space, "last heads"};
  turn_ = turn;
  last_ = std::move(note);
  return {};
}

}  // namespace kiz
