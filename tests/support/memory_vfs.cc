#include "tests/support/memory_vfs.h"

#include <algorithm>
#include <cstring>

namespace kiz::test {

std::uint64_t SeededRandom::next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  for (auto& b : out) b = static_cast<std::uint8_t>(next() >> 56);
}

namespace {
constexpr std::size_t block_bytes = 4096;  // of the page cache: what a small write makes dirty

std::uint64_t up_to_block(std::uint64_t n) { return (n + block_bytes - 1) / block_bytes * block_bytes; }
}  // namespace

struct MemoryHandle {
  sqlite3_file sqlite;
  MemoryDisk* disk;
  std::shared_ptr<MemoryDisk::File>* file;  // owned; SQLite gives raw memory
  std::string* name;                        // owned
  std::uint64_t life;
  int level;
  bool maps_shared;
  bool delete_on_close;
  std::uint8_t shared_mask;
  std::uint8_t exclusive_mask;
};

// ---- what SQLite calls
// -------------------------------------------------------------------------------------------------

struct MemoryDiskMethods {
  static MemoryHandle& of(sqlite3_file* file) { return *reinterpret_cast<MemoryHandle*>(file); }
  static MemoryDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<MemoryDisk*>(vfs->pAppData); }
  static bool dead(const MemoryHandle& h) { return h.life != h.disk->life_; }
  static bool hits(const std::optional<std::uint64_t>& at, std::uint64_t count) { return at && *at == count; }

  static int close(sqlite3_file* file) {
    MemoryHandle& h = of(file);
    std::erase((*h.file)->handles, &h);
    if (h.delete_on_close && !dead(h)) h.disk->files_.erase(*h.name);
    delete h.file;
    delete h.name;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    MemoryHandle& h = of(file);
    if (dead(h)) return SQLITE_IOERR_READ;
    MemoryDisk& disk = *h.disk;
    ++disk.counts_.reads;
    if (hits(disk.faults.fail_read_at, disk.counts_.reads) ||
        disk.random_.chance(disk.faults.read_errors_per_million)) {
      return SQLITE_IOERR_READ;
    }
    const DiskBytes& bytes = (*h.file)->visible;
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    const auto there = static_cast<std::size_t>(std::clamp<sqlite3_int64>(size - offset, 0, amount));
    if (there > 0) std::memcpy(out, bytes.data() + offset, there);
    std::memset(static_cast<std::uint8_t*>(out) + there, 0, static_cast<std::size_t>(amount) - there);
    return there == static_cast<std::size_t>(amount) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
    MemoryHandle& h = of(file);
    if (dead(h) || !h.disk->change_begins()) return SQLITE_IOERR_WRITE;
    MemoryDisk& disk = *h.disk;
    ++disk.counts_.writes;
    const ByteView bytes{static_cast<const std::uint8_t*>(in), static_cast<std::size_t>(amount)};
    const std::uint64_t end = static_cast<std::uint64_t>(offset) + bytes.size();
    const std::uint64_t size = (*h.file)->visible.size();
    if (disk.faults.capacity_bytes && end > size && disk.bytes_used() + (end - size) > *disk.faults.capacity_bytes) {
      return SQLITE_FULL;
    }
    if (hits(disk.faults.fail_write_at, disk.counts_.writes) ||
        disk.random_.chance(disk.faults.write_errors_per_million)) {
      const std::size_t sector = disk.faults.sector_bytes;
      const std::size_t written = disk.random_.below(bytes.size() / sector + 1) * sector;
      if (written > 0) disk.write_at(**h.file, bytes.first(written), offset);
      return SQLITE_IOERR_WRITE;
    }
    sqlite3_int64 landing = offset;
    if (hits(disk.faults.misdirect_write_at, disk.counts_.writes)) {
      const auto page = static_cast<sqlite3_int64>(block_bytes);
      landing = offset >= page ? offset - page : offset + page;
    }
    disk.write_at(**h.file, bytes, landing);
    disk.counts_.bytes_written += bytes.size();
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    MemoryHandle& h = of(file);
    if (dead(h) || !h.disk->change_begins()) return SQLITE_IOERR_TRUNCATE;
    h.disk->truncate(**h.file, static_cast<std::uint64_t>(size));
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* file, int) {
    MemoryHandle& h = of(file);
    if (dead(h) || !h.disk->change_begins()) return SQLITE_IOERR_FSYNC;
    MemoryDisk& disk = *h.disk;
    ++disk.counts_.syncs;
    if (disk.faults.sync_lies) return SQLITE_OK;
    const bool failing =
        hits(disk.faults.fail_sync_at, disk.counts_.syncs) || disk.random_.chance(disk.faults.sync_errors_per_million);
    disk.sync(**h.file, failing);
    if (failing) return SQLITE_IOERR_FSYNC;
    // The first sync of a new file syncs its directory too; a deleted file of that name does not come back then.
    const auto found = disk.files_.find(*h.name);
    const auto durable = disk.durable_files_.find(*h.name);
    const bool named = found != disk.files_.end() && found->second == *h.file;
    if (named && (durable == disk.durable_files_.end() || durable->second != *h.file)) disk.sync_names();
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* out) {
    MemoryHandle& h = of(file);
    if (dead(h)) return SQLITE_IOERR_FSTAT;
    *out = static_cast<sqlite3_int64>((*h.file)->visible.size());
    return SQLITE_OK;
  }

  // The highest level that another handle holds on the file.
  static int level_of_others(const MemoryHandle& h) {
    int highest = SQLITE_LOCK_NONE;
    for (const MemoryHandle* other : (*h.file)->handles) {
      if (other != &h && !dead(*other)) highest = std::max(highest, other->level);
    }
    return highest;
  }

  static int lock(sqlite3_file* file, int level) {
    MemoryHandle& h = of(file);
    if (dead(h)) return SQLITE_IOERR_LOCK;
    if (h.level >= level) return SQLITE_OK;
    const int others = level_of_others(h);
    if (level == SQLITE_LOCK_SHARED && others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && others >= SQLITE_LOCK_RESERVED) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && others >= SQLITE_LOCK_SHARED) {
      h.level = SQLITE_LOCK_PENDING;
      return SQLITE_BUSY;
    }
    h.level = level;
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* file, int level) {
    of(file).level = std::min(of(file).level, level);
    return SQLITE_OK;
  }

  static int check_reserved_lock(sqlite3_file* file, int* out) {
    MemoryHandle& h = of(file);
    if (dead(h)) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *out = std::max(h.level, level_of_others(h)) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
  }

  static int file_control(sqlite3_file* file, int op, void* argument) {
    MemoryHandle& h = of(file);
    switch (op) {
      case SQLITE_FCNTL_VFSNAME:
        *static_cast<char**>(argument) = sqlite3_mprintf("%s", h.disk->name_.c_str());
        return SQLITE_OK;
      case SQLITE_FCNTL_LOCKSTATE:
        *static_cast<int*>(argument) = h.level;
        return SQLITE_OK;
      default:
        return SQLITE_NOTFOUND;
    }
  }

  static int sector_size(sqlite3_file*) { return static_cast<int>(block_bytes); }
  static int device_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    MemoryHandle& h = of(file);
    *out = nullptr;
    if (dead(h) || size != 32768) return SQLITE_IOERR_SHMMAP;
    auto& shared = (*h.file)->shared;
    if (!h.maps_shared) ++shared.users;
    h.maps_shared = true;
    if (static_cast<std::size_t>(region) >= shared.regions.size()) {
      if (!extend) return SQLITE_OK;
      while (shared.regions.size() <= static_cast<std::size_t>(region)) {
        shared.regions.push_back(std::make_unique<std::array<std::uint8_t, 32768>>());
      }
    }
    *out = shared.regions[static_cast<std::size_t>(region)]->data();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
    MemoryHandle& h = of(file);
    if (dead(h)) return SQLITE_IOERR_SHMLOCK;
    auto& holders = (*h.file)->shared.holders;
    const bool wants_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int slot = offset; slot < offset + n; ++slot) {
      const auto bit = static_cast<std::uint8_t>(1 << slot);
      const int holder = holders[static_cast<std::size_t>(slot)];
      const int mine = (h.shared_mask & bit) != 0 ? 1 : 0;
      if ((flags & SQLITE_SHM_LOCK) == 0) continue;
      if (wants_exclusive ? holder != mine && (h.exclusive_mask & bit) == 0
                          : holder < 0 && (h.exclusive_mask & bit) == 0) {
        return SQLITE_BUSY;
      }
    }
    for (int slot = offset; slot < offset + n; ++slot) {
      const auto bit = static_cast<std::uint8_t>(1 << slot);
      int& holder = holders[static_cast<std::size_t>(slot)];
      if ((flags & SQLITE_SHM_UNLOCK) != 0) {
        if ((h.exclusive_mask & bit) != 0) holder = 0;
        if ((h.shared_mask & bit) != 0) --holder;
        h.exclusive_mask &= static_cast<std::uint8_t>(~bit);
        h.shared_mask &= static_cast<std::uint8_t>(~bit);
      } else if (wants_exclusive) {
        holder = -1;
        h.exclusive_mask |= bit;
        h.shared_mask &= static_cast<std::uint8_t>(~bit);
      } else if ((h.shared_mask & bit) == 0) {
        ++holder;
        h.shared_mask |= bit;
      }
    }
    return SQLITE_OK;
  }

  static void shm_barrier(sqlite3_file*) {}

  static int shm_unmap(sqlite3_file* file, int) {
    MemoryHandle& h = of(file);
    if (!h.maps_shared) return SQLITE_OK;
    h.maps_shared = false;
    if (dead(h)) return SQLITE_OK;  // the power cut took it
    auto& shared = (*h.file)->shared;
    if (--shared.users == 0) shared.regions.clear();  // as under unix-excl: memory of the process, anew with the next opening
    return SQLITE_OK;
  }

  static const sqlite3_io_methods* methods() {
    static constexpr sqlite3_io_methods all{2,
                                            close,
                                            read,
                                            write,
                                            truncate,
                                            sync,
                                            file_size,
                                            lock,
                                            unlock,
                                            check_reserved_lock,
                                            file_control,
                                            sector_size,
                                            device_characteristics,
                                            shm_map,
                                            shm_lock,
                                            shm_barrier,
                                            shm_unmap,
                                            nullptr,
                                            nullptr};
    return &all;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    MemoryDisk& disk = disk_of(vfs);
    file->pMethods = nullptr;
    const std::string key = name ? name : "temporary-" + std::to_string(disk.random_.next());
    auto found = disk.files_.find(key);
    if (found != disk.files_.end() && (flags & SQLITE_OPEN_CREATE) != 0 && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) {
      return SQLITE_CANTOPEN;
    }
    if (found == disk.files_.end()) {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      found = disk.files_.emplace(key, std::make_shared<MemoryDisk::File>()).first;
    }
    MemoryHandle& h = of(file);
    h.disk = &disk;
    h.file = new std::shared_ptr<MemoryDisk::File>{found->second};
    h.name = new std::string{key};
    h.life = disk.life_;
    h.level = SQLITE_LOCK_NONE;
    h.maps_shared = false;
    h.delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    h.shared_mask = h.exclusive_mask = 0;
    found->second->handles.push_back(&h);
    file->pMethods = methods();
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    MemoryDisk& disk = disk_of(vfs);
    if (!disk.files_.contains(name)) return SQLITE_IOERR_DELETE_NOENT;
    if (!disk.change_begins()) return SQLITE_IOERR_DELETE;
    disk.files_.erase(name);
    if (sync_directory) disk.sync_names();
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    const MemoryDisk& disk = disk_of(vfs);
    const auto found = disk.files_.find(name);
    // As the disk's own VFS: an empty file does not count as existing.
    *out = found != disk.files_.end() && (flags != SQLITE_ACCESS_EXISTS || !found->second->visible.empty());
    return SQLITE_OK;
  }

  static int full_pathname(sqlite3_vfs*, const char* name, int n, char* out) {
    if (std::strlen(name) >= static_cast<std::size_t>(n)) return SQLITE_CANTOPEN;
    std::memcpy(out, name, std::strlen(name) + 1);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* vfs, int n, char* out) {
    disk_of(vfs).random_.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(n)});
    return n;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

  static int current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
    constexpr sqlite3_int64 julian_1970_ms = 210866760000000;
    constexpr std::int64_t start_of_2026_ms = 1767225600000;
    const MemoryDisk& disk = disk_of(vfs);
    *out = julian_1970_ms + (disk.now_ms ? disk.now_ms() : start_of_2026_ms);
    return SQLITE_OK;
  }
  static int current_time(sqlite3_vfs* vfs, double* out) {
    sqlite3_int64 ms = 0;
    current_time_int64(vfs, &ms);
    *out = static_cast<double>(ms) / 86400000.0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

void make_sqlite_deterministic(std::uint64_t seed) {
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>((seed & 0x7fffffff) | 1), nullptr);
}

// ---- the disk
// ------------------------------------------------------------------------------------------------------------

MemoryDisk::MemoryDisk(std::string vfs_name, std::uint64_t seed)
    : name_{std::move(vfs_name)}, random_{seed}, nonces_{seed ^ 0x6e6f6e636573} {
  KIZ_ASSERT(sqlite3_vfs_find(name_.c_str()) == nullptr);
  using M = MemoryDiskMethods;
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(MemoryHandle);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = M::open;
  vfs_.xDelete = M::remove;
  vfs_.xAccess = M::access;
  vfs_.xFullPathname = M::full_pathname;
  vfs_.xRandomness = M::randomness;
  vfs_.xSleep = M::sleep;
  vfs_.xCurrentTime = M::current_time;
  vfs_.xCurrentTimeInt64 = M::current_time_int64;
  vfs_.xGetLastError = M::last_error;
  KIZ_ASSERT(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}

MemoryDisk::~MemoryDisk() { sqlite3_vfs_unregister(&vfs_); }

PageVfsOptions MemoryDisk::page_vfs_options() {
  PageVfsOptions options;
  options.random = [this](std::span<std::uint8_t> out) { nonces_.fill(out); };
  options.rename = [this](const std::string& from, const std::string& to) -> Result<void> {
    if (!change_begins() || !exists(from)) return Error{Errc::io_error, from};
    rename(from, to);
    return {};
  };
  return options;
}

bool MemoryDisk::change_begins() {
  ++counts_.changes;
  if (!faults.power_cut_at || counts_.changes != *faults.power_cut_at) return true;
  faults.power_cut_at.reset();
  crash();
  return false;
}

std::uint64_t MemoryDisk::bytes_used() const {
  std::uint64_t sum = 0;
  for (const auto& [name, file] : files_) sum += file->visible.size();
  return sum;
}

// The change is recorded in whole blocks as they look afterwards: that is what the page cache writes.
void MemoryDisk::write_at(File& file, ByteView in, std::int64_t offset) {
  const auto begin = static_cast<std::uint64_t>(offset);
  const std::uint64_t end = begin + in.size();
  if (file.visible.size() < end) file.visible.resize(end);
  std::copy(in.begin(), in.end(), file.visible.begin() + offset);
  const std::uint64_t from = begin / block_bytes * block_bytes;
  const std::uint64_t to = std::min<std::uint64_t>(up_to_block(end), file.visible.size());
  Change change;
  change.offset = static_cast<std::int64_t>(from);
  change.bytes.assign(file.visible.begin() + change.offset, file.visible.begin() + static_cast<std::int64_t>(to));
  change.size = file.visible.size();
  file.unsynced.push_back(std::move(change));
}

void MemoryDisk::truncate(File& file, std::uint64_t size) {
  file.visible.resize(size);
  file.unsynced.push_back({-1, {}, size});
}

// Takes the file's durable bytes to a state that a power cut now could leave.
void MemoryDisk::settle(File& file, Cut how) {
  if (file.unsynced.empty()) return;
  const std::uint64_t sector = faults.sector_bytes;
  const std::size_t changes = file.unsynced.size();
  const std::size_t sizes_kept = how == Cut::lose_all ? 0 : how == Cut::keep_all ? changes : random_.below(changes + 1);

  std::map<std::uint64_t, std::uint32_t> versions;  // sector -> how often it was written
  const auto for_each_sector = [&](const Change& change, const auto& visit) {
    for (std::uint64_t at = 0; at < change.bytes.size(); at += sector) {
      visit(static_cast<std::uint64_t>(change.offset) + at,
            ByteView{change.bytes}.subspan(at, std::min<std::uint64_t>(sector, change.bytes.size() - at)));
    }
  };
  for (const Change& change : file.unsynced) {
    for_each_sector(change, [&](std::uint64_t at, ByteView) { ++versions[at]; });
  }
  for (auto& [at, count] : versions) {
    if (how == Cut::lose_all) count = 0;
    if (how == Cut::mixed) count = static_cast<std::uint32_t>(random_.below(count + 1));
  }

  std::uint64_t size = file.durable.size();
  for (std::size_t i = 0; i < changes; ++i) {
    const Change& change = file.unsynced[i];
    if (i < sizes_kept) size = change.size;
    if (change.offset < 0 && i < sizes_kept && file.durable.size() > change.size) file.durable.resize(change.size);
    for_each_sector(change, [&](std::uint64_t at, ByteView bytes) {
      if (versions[at] == 0) return;
      --versions[at];
      if (file.durable.size() < at + bytes.size()) file.durable.resize(at + bytes.size());
      std::copy(bytes.begin(), bytes.end(), file.durable.begin() + static_cast<std::int64_t>(at));
    });
  }
  file.durable.resize(size);
  file.unsynced.clear();
}

void MemoryDisk::sync(File& file, bool failing) { settle(file, failing ? Cut::mixed : Cut::keep_all); }

void MemoryDisk::cut_power(Cut how) {
  ++life_;
  Files left;
  Files all = files_;
  all.insert(durable_files_.begin(), durable_files_.end());
  for (const auto& [name, file] : all) {
    const auto now = files_.find(name);
    const auto then = durable_files_.find(name);
    const bool same = now != files_.end() && then != durable_files_.end() && now->second == then->second;
    const bool keep_now = same || how == Cut::keep_all || (how == Cut::mixed && random_.below(2) == 0);
    const auto& kept = keep_now ? now : then;
    if (kept == (keep_now ? files_.end() : durable_files_.end())) continue;
    left[name] = kept->second;
  }
  for (auto& [name, file] : left) {
    settle(*file, how);
    auto fresh = std::make_shared<File>();  // dead handles keep the old one
    fresh->visible = fresh->durable = file->durable;
    file = std::move(fresh);
  }
  files_ = std::move(left);
  sync_names();
}

void MemoryDisk::crash() {
  constexpr Cut styles[] = {Cut::lose_all, Cut::keep_all, Cut::mixed, Cut::mixed};
  cut_power(styles[random_.below(4)]);
}
void MemoryDisk::crash_losing_all() { cut_power(Cut::lose_all); }
void MemoryDisk::crash_keeping_all() { cut_power(Cut::keep_all); }

std::vector<std::string> MemoryDisk::names() const {
  std::vector<std::string> out;
  for (const auto& [name, file] : files_) out.push_back(name);
  return out;
}

Bytes MemoryDisk::read(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? Bytes{} : Bytes(found->second->visible.begin(), found->second->visible.end());
}

void MemoryDisk::write(const std::string& name, ByteView bytes) {
  auto& file = files_[name];
  if (!file) file = std::make_shared<File>();
  file->unsynced.clear();
  file->visible.assign(bytes.begin(), bytes.end());
  file->durable = file->visible;
  sync_names();
}

void MemoryDisk::remove(const std::string& name) {
  files_.erase(name);
  sync_names();
}

void MemoryDisk::rename(const std::string& from, const std::string& to) {
  auto moved = files_.extract(from);
  KIZ_ASSERT(!moved.empty());
  files_[to] = moved.mapped();
  sync_names();
}

void MemoryDisk::flip_bit(const std::string& name, std::uint64_t bit) {
  File& file = *files_.at(name);
  const auto mask = static_cast<std::uint8_t>(1 << bit % 8);
  const std::uint64_t at = bit / 8;
  file.visible.at(at) ^= mask;
  if (at < file.durable.size()) file.durable[at] ^= mask;
  for (Change& change : file.unsynced) {
    const std::uint64_t within = at - static_cast<std::uint64_t>(std::max<std::int64_t>(change.offset, 0));
    if (change.offset >= 0 && within < change.bytes.size()) change.bytes[within] ^= mask;
  }
}

std::uint64_t MemoryDisk::flip_random_bit(const std::string& name) {
  const std::uint64_t bits = files_.at(name)->visible.size() * 8;
  KIZ_ASSERT(bits > 0);
  const std::uint64_t bit = random_.below(bits);
  flip_bit(name, bit);
  return bit;
}

std::map<std::string, Bytes> MemoryDisk::snapshot() const {
  std::map<std::string, Bytes> out;
  for (const auto& [name, file] : files_) out[name].assign(file->visible.begin(), file->visible.end());
  return out;
}

void MemoryDisk::restore(const std::map<std::string, Bytes>& files) {
  cut_power(Cut::keep_all);
  files_.clear();
  for (const auto& [name, bytes] : files) write(name, bytes);
  sync_names();
}

}  // namespace kiz::test
