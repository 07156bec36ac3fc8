// A disk in memory as a SQLite VFS, with the faults of a real one, everything decided by a seed.
//
// What a program writes is visible to it at once, as from the kernel's page cache, and lasts only after xSync. A power
// cut takes each sector back to the last sync or to any state it had since, independently of its neighbours: writes are
// lost, torn at sector bounds and reordered. Names behave alike: a deletion or creation lasts when its directory was
// synced (a rename, a deletion that asks for it, the first sync of a new file).
// An xSync that fails leaves what it should have written visible but no longer on its way to the disk, as Linux does.
//
// Sectors are written whole or not (that is what SQLITE_IOCAP_POWERSAFE_OVERWRITE promises, and what disks do).
// Several connections of one process work (locks and shared memory are here), one thread only.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "libclient/page_vfs.h"

namespace kiz::test {

/// Small, fast, the same on every machine (splitmix64).
class SeededRandom {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_{seed} {}
  std::uint64_t next();
  /// 0 <= result < bound; bound 0 gives 0.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }
  void fill(std::span<std::uint8_t> out);

 private:
  std::uint64_t state_;
};

struct MemoryHandle;

/// Everything off by default. What counts operations counts them from MemoryDisk::counts().
struct DiskFaults {
  std::optional<std::uint64_t> fail_read_at;   // the read with this number fails; as the others, once
  std::optional<std::uint64_t> fail_write_at;  // may have written some sectors
  std::optional<std::uint64_t> fail_sync_at;
  std::optional<std::uint64_t> misdirect_write_at;  // this write lands on a neighbouring page, and says it worked
  std::optional<std::uint64_t> power_cut_at;  // at this change (write, truncate, sync, deletion), before it happens
  std::uint32_t read_errors_per_million = 0;
  std::uint32_t write_errors_per_million = 0;
  std::uint32_t sync_errors_per_million = 0;
  std::optional<std::uint64_t> capacity_bytes;  // all files together; a write that needs more gets SQLITE_FULL
  bool sync_lies = false;                       // says it worked, and does nothing
  std::uint32_t sector_bytes = 512;             // 512 or 4096: what a power cut cannot tear
};

struct DiskCounts {
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t changes = 0;  // writes, truncations, syncs, deletions
  std::uint64_t bytes_written = 0;
};

/// SQLite salts its logs from a generator of the whole process; this seeds it.
void make_sqlite_deterministic(std::uint64_t seed);

/// Memory that stands for a disk is not the program's: who counts its `new` does not count this.
template <class T>
struct OnDisk {
  using value_type = T;
  OnDisk() = default;
  template <class U>
  OnDisk(const OnDisk<U>&) noexcept {}
  T* allocate(std::size_t count) {
    if (void* out = std::malloc(count * sizeof(T))) return static_cast<T*>(out);
    throw std::bad_alloc{};
  }
  void deallocate(T* at, std::size_t) noexcept { std::free(at); }
  friend bool operator==(const OnDisk&, const OnDisk&) { return true; }
};
using DiskBytes = std::vector<std::uint8_t, OnDisk<std::uint8_t>>;

/// Must outlive the connections over it.
class MemoryDisk {
 public:
  /// Registers itself under `vfs_name`, which must be free.
  MemoryDisk(std::string vfs_name, std::uint64_t seed);
  ~MemoryDisk();
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  const std::string& vfs_name() const { return name_; }
  /// For a PageVfs over this disk: nonces from this disk's seed, renames here.
  PageVfsOptions page_vfs_options();

  /// Power cut. Every open file fails from now on; close the connections, then open anew.
  void crash();
  /// The same with what was not synced all gone, or all there.
  void crash_losing_all();
  void crash_keeping_all();

  DiskFaults faults;
  const DiskCounts& counts() const { return counts_; }
  std::function<std::int64_t()> now_ms;  // since 1970; for SQL's 'now'. Empty: the start of 2026

  // ---- for the test's own hands; what it does here is on the disk at once
  std::vector<std::string> names() const;
  bool exists(const std::string& name) const { return files_.contains(name); }
  Bytes read(const std::string& name) const;
  void write(const std::string& name, ByteView bytes);
  void remove(const std::string& name);
  void rename(const std::string& from, const std::string& to);
  void flip_bit(const std::string& name, std::uint64_t bit);
  /// Flips one bit anywhere in the file. Returns which.
  std::uint64_t flip_random_bit(const std::string& name);

  /// All files as they are now; what a backup or a clone of the machine would hold.
  std::map<std::string, Bytes> snapshot() const;
  /// Power cut, then exactly these files.
  void restore(const std::map<std::string, Bytes>& files);

 private:
  friend struct MemoryDiskMethods;
  friend struct MemoryHandle;

  struct Change {
    std::int64_t offset = 0;  // of whole blocks; < 0: truncation to `size`
    DiskBytes bytes;
    std::uint64_t size = 0;
  };
  struct SharedMemory {
    std::vector<std::unique_ptr<std::array<std::uint8_t, 32768>>> regions;
    std::array<int, SQLITE_SHM_NLOCK> holders{};  // number of shared holders, -1: one exclusive holder
    int users = 0;
  };
  struct File {
    DiskBytes visible;
    DiskBytes durable;
    std::vector<Change, OnDisk<Change>> unsynced;
    SharedMemory shared;
    std::vector<MemoryHandle*> handles;
  };
  using Files = std::map<std::string, std::shared_ptr<File>>;

  enum class Cut { mixed, lose_all, keep_all };
  void cut_power(Cut how);
  void settle(File& file, Cut how);
  void sync_names() { durable_files_ = files_; }
  std::uint64_t bytes_used() const;
  bool change_begins();  // false: the power went

  void write_at(File& file, ByteView in, std::int64_t offset);
  void truncate(File& file, std::uint64_t size);
  void sync(File& file, bool failing);

  std::string name_;
  SeededRandom random_;
  SeededRandom nonces_;
  sqlite3_vfs vfs_{};
  Files files_;
  Files durable_files_;
  std::uint64_t life_ = 0;  // counts power cuts; handles of an earlier life are dead
  DiskCounts counts_;
};

}  // namespace kiz::test
