// A backup as it comes back from a disk or from strangers' hands. The first byte says what the rest is: the whole file, or
// what lies behind a seal that mutations do not get through (header, contents).
#include "libclient/backup.h"

#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {
namespace {

const StoreKey& store_key() {
  static const StoreKey key{Bytes(32, 5)};
  return key;
}

backup::Contents contents_of_two_pages() {
  backup::Contents out;
  out.created_ms = 1'794'000'000'000;
  out.schema = 1;
  out.member = "05554004";
  out.member_name = "Ahaus";
  out.device = "Büro 1";
  out.entries = 3;
  out.pages = 2;
  out.keyring = Bytes(200, 'k');
  return out;
}

// The same nonces each time, or an input that was kept could not be run again.
void draw_the_same() {
  KIZ_ASSERT(sodium_init() >= 0);  // which draws itself, the first time
  static std::uint8_t next = 0;
  static randombytes_implementation fixed{[] { return "fixed"; }, [] { return std::uint32_t{4}; }, nullptr, nullptr,
                                          [](void* out, std::size_t size) { std::fill_n(static_cast<std::uint8_t*>(out), size, ++next); },
                                          nullptr};
  next = 0;
  randombytes_set_implementation(&fixed);
}

Bytes whole_backup() {
  draw_the_same();
  auto fresh = backup::make_header(store_key(), {});
  KIZ_ASSERT(fresh);
  const backup::Cipher cipher{fresh->key, fresh->header.id};
  Bytes out = backup::encode_header(fresh->header);
  Bytes chunk;
  cipher.seal_chunk(0, Bytes(2 * page_bytes, 'p'), chunk);
  backup::Contents contents = contents_of_two_pages();
  contents.chunks = crypto::Hasher{"kiz-sync backup chunks v1"}.add(ByteView{chunk}.last(16)).finish();
  const Bytes sealed = cipher.seal_contents(backup::encode_contents(contents));
  const auto footer = cipher.footer(sealed.size());
  out.insert(out.end(), chunk.begin(), chunk.end());
  out.insert(out.end(), sealed.begin(), sealed.end());
  out.insert(out.end(), footer.begin(), footer.end());
  return out;
}

const Bytes& original() {
  static const Bytes bytes = whole_backup();
  return bytes;
}

/// A file that costs no disk.
class MemoryFile {
 public:
  MemoryFile() : fd_(::memfd_create("backup", MFD_CLOEXEC)) { KIZ_ASSERT(fd_ >= 0); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(fd_); }
  void put(ByteView bytes) const {
    KIZ_ASSERT(::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

// Every byte counts: what passes is what was written, and nothing else.
void check_file(ByteView bytes) {
  static const MemoryFile file;
  file.put(bytes);
  const auto checked = backup::check(file.path(), {&store_key(), {}});
  KIZ_ASSERT(static_cast<bool>(checked) == std::ranges::equal(bytes, original()));
}

void check_header(ByteView bytes) {
  const auto size = backup::header_size(bytes);
  if (!size || bytes.size() < *size) return;
  const auto header = backup::decode_header(bytes.first(*size));
  if (header) KIZ_ASSERT(std::ranges::equal(backup::encode_header(*header), bytes.first(*size)));
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  const ByteView rest = in.subspan(1);
  switch (in[0] % 3) {
    case 0: check_file(rest); break;
    case 1: check_header(rest); break;
    default:
      if (const auto contents = backup::decode_contents(rest)) {
        KIZ_ASSERT(std::ranges::equal(backup::encode_contents(*contents), rest));
      }
  }
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  const auto add = [&](std::uint8_t choice, ByteView bytes) { out.emplace_back(1, choice).insert(out.back().end(), bytes.begin(), bytes.end()); };
  add(0, original());
  auto fresh = backup::make_header(store_key(), {});
  KIZ_ASSERT(fresh);
  backup::KeySlot recovery;
  recovery.kind = backup::KeySlot::Kind::passphrase;
  recovery.ops = 3;
  recovery.memory_bytes = 256u << 20;
  fresh->header.slots.push_back(recovery);
  add(1, backup::encode_header(fresh->header));
  add(2, backup::encode_contents(contents_of_two_pages()));
  return out;
}

}  // namespace kiz::fuzz
