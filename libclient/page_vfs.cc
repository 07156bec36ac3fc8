#include "libclient/page_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "libclient/atomic_file.h"
#include "libclient/page_file.h"

namespace kiz {

struct PageVfsInstance {
  sqlite3_vfs vfs{};
  sqlite3_vfs* base = nullptr;
  std::string name;
  StoreKey key;
  PageVfsOptions options;
};

namespace {

struct Handle {
  sqlite3_file sqlite;
  PageFile* open;
};
constexpr std::size_t handle_bytes = (sizeof(Handle) + 15) & ~std::size_t{15};  // the file below follows, aligned

PageFile& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->open; }

// ---- what SQLite calls
// ---------------------------------------------------------------------------------------------------

int x_close(sqlite3_file* file) {
  PageFile* open = reinterpret_cast<Handle*>(file)->open;
  static_cast<void>(flush_log(*open));  // of a transaction that was not committed
  const int rc = open->below && open->below->pMethods ? open->below->pMethods->xClose(open->below) : SQLITE_OK;
  sodium_memzero(open->buffer, sizeof open->buffer);
  delete open;
  file->pMethods = nullptr;
  return rc;
}

int x_read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
  PageFile& f = of(file);
  auto* bytes = static_cast<std::uint8_t*>(out);
  switch (f.kind) {
    case PageFile::Kind::database:
      return read_database(f, bytes, amount, offset);
    case PageFile::Kind::log:
      return read_log(f, bytes, amount, offset);
    case PageFile::Kind::journal_in_memory:
      return read_journal(f, bytes, amount, offset);
  }
  return SQLITE_IOERR_READ;
}

int x_write(sqlite3_file* file, const void* in, int amount, sqlite3_int64 offset) {
  PageFile& f = of(file);
  const auto* bytes = static_cast<const std::uint8_t*>(in);
  if (f.database->sync_failed) return SQLITE_IOERR_FSYNC;
  switch (f.kind) {
    case PageFile::Kind::database:
      return write_database(f, bytes, amount, offset);
    case PageFile::Kind::log:
      return write_log(f, bytes, amount, offset);
    case PageFile::Kind::journal_in_memory:
      return write_journal(f, bytes, amount, offset);
  }
  return SQLITE_IOERR_WRITE;
}

int x_truncate(sqlite3_file* file, sqlite3_int64 size) {
  PageFile& f = of(file);
  if (f.database->sync_failed) return SQLITE_IOERR_FSYNC;
  if (f.below) {
    if (const int rc = flush_log(f); rc != SQLITE_OK) return rc;
    f.bytes_there = std::min<std::int64_t>(f.bytes_there, size);
    return f.below->pMethods->xTruncate(f.below, size);
  }
  f.journal.resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int x_sync(sqlite3_file* file, int flags) {
  PageFile& f = of(file);
  if (f.database->sync_failed) return SQLITE_IOERR_FSYNC;
  if (!f.below) return SQLITE_OK;
  if (const int rc = flush_log(f); rc != SQLITE_OK) return rc;
  const int rc = f.below->pMethods->xSync(f.below, flags);
  if (rc == SQLITE_OK) {
    f.unsynced_from = PageFile::all_synced;
  } else {
    f.database->sync_failed = true;
    take_back_unsynced(f);
  }
  return rc;
}

int x_file_size(sqlite3_file* file, sqlite3_int64* out) {
  PageFile& f = of(file);
  if (f.below) {
    const int rc = flush_log(f);
    return rc == SQLITE_OK ? f.below->pMethods->xFileSize(f.below, out) : rc;
  }
  *out = static_cast<sqlite3_int64>(f.journal.size());
  return SQLITE_OK;
}

int x_lock(sqlite3_file* file, int level) {
  PageFile& f = of(file);
  return f.below ? f.below->pMethods->xLock(f.below, level) : SQLITE_OK;
}
int x_unlock(sqlite3_file* file, int level) {
  PageFile& f = of(file);
  return f.below ? f.below->pMethods->xUnlock(f.below, level) : SQLITE_OK;
}
int x_check_reserved_lock(sqlite3_file* file, int* out) {
  PageFile& f = of(file);
  *out = 0;
  return f.below ? f.below->pMethods->xCheckReservedLock(f.below, out) : SQLITE_OK;
}

int x_file_control(sqlite3_file* file, int op, void* argument) {
  PageFile& f = of(file);
  if (!f.below) return SQLITE_NOTFOUND;
  switch (op) {
    case SQLITE_FCNTL_BEGIN_ATOMIC_WRITE:  // a page and its place in the log would no longer be one write each
    case SQLITE_FCNTL_COMMIT_ATOMIC_WRITE:
    case SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE:
    case SQLITE_FCNTL_MMAP_SIZE:
      return SQLITE_NOTFOUND;
    case fcntl_probe_key:
      if (f.kind != PageFile::Kind::database) return SQLITE_NOTFOUND;
      *static_cast<PageProbe*>(argument) = probe_key(f);
      return SQLITE_OK;
    case fcntl_sync_failed:
      if (f.kind != PageFile::Kind::database) return SQLITE_NOTFOUND;
      *static_cast<bool*>(argument) = f.sync_failed;
      return SQLITE_OK;
    default:
      break;
  }
  const int rc = f.below->pMethods->xFileControl(f.below, op, argument);
  if (op == SQLITE_FCNTL_VFSNAME && rc == SQLITE_OK) {
    char** name = static_cast<char**>(argument);
    *name = sqlite3_mprintf("%s/%z", f.vfs_name->c_str(), *name);
  }
  return rc;
}

int x_sector_size(sqlite3_file* file) {
  PageFile& f = of(file);
  return f.below ? f.below->pMethods->xSectorSize(f.below) : static_cast<int>(page_bytes);
}

// Powersafe overwrite stays on: without it SQLite pads and splits writes to the log. What promises atomic writes or
// reads of parts of pages is never passed on.
int x_device_characteristics(sqlite3_file* file) {
  PageFile& f = of(file);
  const int below = f.below ? f.below->pMethods->xDeviceCharacteristics(f.below) : 0;
  return (below & SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN) | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int x_shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  PageFile& f = of(file);
  return f.below->pMethods->xShmMap(f.below, region, size, extend, out);
}
int x_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  PageFile& f = of(file);
  return f.below->pMethods->xShmLock(f.below, offset, n, flags);
}
void x_shm_barrier(sqlite3_file* file) {
  PageFile& f = of(file);
  f.below->pMethods->xShmBarrier(f.below);
}
int x_shm_unmap(sqlite3_file* file, int remove) {
  PageFile& f = of(file);
  return f.below->pMethods->xShmUnmap(f.below, remove);
}

constexpr sqlite3_io_methods methods_for(int version, bool shared_memory) {
  sqlite3_io_methods m{};
  m.iVersion = version;
  m.xClose = x_close;
  m.xRead = x_read;
  m.xWrite = x_write;
  m.xTruncate = x_truncate;
  m.xSync = x_sync;
  m.xFileSize = x_file_size;
  m.xLock = x_lock;
  m.xUnlock = x_unlock;
  m.xCheckReservedLock = x_check_reserved_lock;
  m.xFileControl = x_file_control;
  m.xSectorSize = x_sector_size;
  m.xDeviceCharacteristics = x_device_characteristics;
  if (shared_memory) {
    m.xShmMap = x_shm_map;
    m.xShmLock = x_shm_lock;
    m.xShmBarrier = x_shm_barrier;
    m.xShmUnmap = x_shm_unmap;
  }
  return m;
}
constexpr sqlite3_io_methods methods_with_shm = methods_for(2, true);
constexpr sqlite3_io_methods methods_without_shm = methods_for(1, false);

bool is_ours(const sqlite3_file* file) {
  return file && (file->pMethods == &methods_with_shm || file->pMethods == &methods_without_shm);
}

bool ends_with(const char* name, std::string_view tail) { return name && std::string_view{name}.ends_with(tail); }

int x_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const auto& instance = *static_cast<PageVfsInstance*>(vfs->pAppData);
  file->pMethods = nullptr;
  const bool log = (flags & SQLITE_OPEN_WAL) != 0;
  const bool journal = (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0;
  if (!name || (!log && !journal && (flags & SQLITE_OPEN_MAIN_DB) == 0)) {
    sqlite3_log(SQLITE_CANTOPEN, "temporary files are not opened: set temp_store=MEMORY");
    return SQLITE_CANTOPEN;
  }

  auto open = std::make_unique<PageFile>();
  open->key = &instance.key;
  open->options = &instance.options;
  open->vfs_name = &instance.name;
  open->database = open.get();
  if (log || journal) {
    sqlite3_file* database = sqlite3_database_file_object(name);
    if (!is_ours(database)) return SQLITE_CANTOPEN;
    open->database = &of(database);
    open->kind = log ? PageFile::Kind::log : PageFile::Kind::journal_in_memory;
    if (journal && !open->database->being_created) {
      sqlite3_log(SQLITE_CANTOPEN, "rollback journals are not written: set journal_mode=WAL");
      return SQLITE_CANTOPEN;
    }
  }
  auto* handle = reinterpret_cast<Handle*>(file);
  if (journal) {
    handle->open = open.release();
    file->pMethods = &methods_without_shm;
    return SQLITE_OK;
  }

  open->below = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + handle_bytes);
  std::memset(static_cast<void*>(open->below), 0, static_cast<std::size_t>(instance.base->szOsFile));
  int rc = instance.base->xOpen(instance.base, name, open->below, flags, out_flags);
  sqlite3_int64 size = 0;
  if (rc == SQLITE_OK) rc = open->below->pMethods->xFileSize(open->below, &size);
  if (rc != SQLITE_OK) {
    if (open->below->pMethods) open->below->pMethods->xClose(open->below);
    return rc;
  }
  if (log) {
    open->database->being_created = false;
    open->bytes_there = size;
  } else {
    open->being_created = size == 0;
  }
  const bool shm = open->below->pMethods->iVersion >= 2 && open->below->pMethods->xShmMap;
  handle->open = open.release();
  file->pMethods = shm ? &methods_with_shm : &methods_without_shm;
  return SQLITE_OK;
}

sqlite3_vfs* base_of(sqlite3_vfs* vfs) { return static_cast<PageVfsInstance*>(vfs->pAppData)->base; }

int x_delete(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  sqlite3_vfs* base = base_of(vfs);
  const int rc = base->xDelete(base, name, sync_directory);
  const bool in_memory = ends_with(name, "-journal");  // was never on disk
  return rc == SQLITE_IOERR_DELETE_NOENT && in_memory ? SQLITE_OK : rc;
}
int x_access(sqlite3_vfs* vfs, const char* name, int flags, int* out) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xAccess(base, name, flags, out);
}
int x_full_pathname(sqlite3_vfs* vfs, const char* name, int n, char* out) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xFullPathname(base, name, n, out);
}
void* x_dl_open(sqlite3_vfs*, const char*) { return nullptr; }  // no extensions are loaded into a store
void x_dl_error(sqlite3_vfs*, int n, char* out) { sqlite3_snprintf(n, out, "extensions are not loaded"); }
void (*x_dl_symbol(sqlite3_vfs*, void*, const char*))(void) { return nullptr; }
void x_dl_close(sqlite3_vfs*, void*) {}
int x_sleep(sqlite3_vfs* vfs, int microseconds) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xSleep(base, microseconds);
}
int x_current_time(sqlite3_vfs* vfs, double* out) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xCurrentTime(base, out);
}
int x_current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  sqlite3_vfs* base = base_of(vfs);
  if (base->iVersion >= 2 && base->xCurrentTimeInt64) return base->xCurrentTimeInt64(base, out);
  double days = 0;
  const int rc = base->xCurrentTime(base, &days);
  *out = static_cast<sqlite3_int64>(days * 86400000.0);
  return rc;
}
int x_get_last_error(sqlite3_vfs* vfs, int n, char* out) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xGetLastError ? base->xGetLastError(base, n, out) : 0;
}
int x_randomness(sqlite3_vfs* vfs, int n, char* out) {
  sqlite3_vfs* base = base_of(vfs);
  return base->xRandomness(base, n, out);
}

Result<void> rename_on_disk(const std::string& from, const std::string& to) {
  if (auto closed = file::restrict_to_owner(from); !closed) return closed;
  return file::rename_durably(from, to);
}

}  // namespace

PageVfs::PageVfs(std::unique_ptr<PageVfsInstance> instance) : instance_{std::move(instance)} {}
PageVfs::PageVfs(PageVfs&&) noexcept = default;
PageVfs& PageVfs::operator=(PageVfs&& other) noexcept {
  std::swap(instance_, other.instance_);
  return *this;
}
PageVfs::~PageVfs() {
  if (instance_) sqlite3_vfs_unregister(&instance_->vfs);
}

Result<PageVfs> PageVfs::install(const std::string& name, const std::string& base_name, const StoreKey& key,
                                 PageVfsOptions options) {
  sqlite3_vfs* base = sqlite3_vfs_find(base_name.c_str());
  if (!base) return Error{Errc::invalid_input, "no VFS named " + base_name};
  if (sqlite3_vfs_find(name.c_str())) return Error{Errc::invalid_input, "VFS name taken: " + name};
  if (sodium_init() < 0) return Error{Errc::internal, "libsodium"};

  auto instance = std::make_unique<PageVfsInstance>();
  instance->base = base;
  instance->name = name;
  instance->key = key.clone();
  instance->options = std::move(options);
  sqlite3_vfs& vfs = instance->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(handle_bytes) + base->szOsFile;
  vfs.mxPathname = base->mxPathname;
  vfs.zName = instance->name.c_str();
  vfs.pAppData = instance.get();
  vfs.xOpen = x_open;
  vfs.xDelete = x_delete;
  vfs.xAccess = x_access;
  vfs.xFullPathname = x_full_pathname;
  vfs.xDlOpen = x_dl_open;
  vfs.xDlError = x_dl_error;
  vfs.xDlSym = x_dl_symbol;
  vfs.xDlClose = x_dl_close;
  vfs.xRandomness = x_randomness;
  vfs.xSleep = x_sleep;
  vfs.xCurrentTime = x_current_time;
  vfs.xCurrentTimeInt64 = x_current_time_int64;
  vfs.xGetLastError = x_get_last_error;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) return Error{Errc::internal, "sqlite3_vfs_register"};
  return PageVfs{std::move(instance)};
}

Result<void> PageVfs::rename(const std::string& vfs_name, const std::string& from, const std::string& to) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.c_str());
  if (!vfs || vfs->xOpen != x_open) return Error{Errc::invalid_input, "not an encrypting VFS: " + vfs_name};
  const auto& rename = static_cast<PageVfsInstance*>(vfs->pAppData)->options.rename;
  return rename ? rename(from, to) : rename_on_disk(from, to);
}

const std::string& PageVfs::name() const { return instance_->name; }

}  // namespace kiz
