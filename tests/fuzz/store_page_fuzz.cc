// A database file or its log as a disk, or somebody who had it in hand, gives it back. The first byte says which of the two
// the rest is; the other one is as it was written. What can be read is what was committed, up to one of the commits.
#include "libclient/database.h"
#include "libclient/page_vfs.h"
#include "libclient/sqlite.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/memory_vfs.h"

namespace kiz::fuzz {
namespace {

constexpr int commits = 3;
constexpr char name[] = "store";
constexpr char log_name[] = "store-wal";

std::string body_of(std::int64_t row) { return std::string(600, static_cast<char>('a' + row % 26)) + std::to_string(row); }

struct Stage {
  test::MemoryDisk disk{"fuzz-disk", 1};
  PageVfs vfs{*PageVfs::install("fuzz-pages", "fuzz-disk", StoreKey{Bytes(32, 1)}, disk.page_vfs_options())};
  std::map<std::string, Bytes> files;

  Stage() {
    test::make_sqlite_deterministic(1);
    DatabaseOptions options;
    options.when = DatabaseOptions::When::create_if_missing;
    auto opened = open_database(name, vfs.name(), options);
    KIZ_ASSERT(opened);
    KIZ_ASSERT(execute(opened->get(), "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)"));
    KIZ_ASSERT(execute(opened->get(), "PRAGMA wal_checkpoint(TRUNCATE)"));
    for (int row = 1; row <= commits; ++row) {
      KIZ_ASSERT(execute(opened->get(), "INSERT INTO t VALUES(" + std::to_string(row) + ", '" + body_of(row) + "')"));
    }
    files = disk.snapshot();  // the connection is open: as after a crash
    KIZ_ASSERT(files.contains(name) && files.contains(log_name));
  }
};

Stage& stage() {
  static Stage all;
  return all;
}

// The rows, as far as they can be read; an error of any kind is an answer as well.
void check_content() {
  DatabaseOptions options;
  options.cache_kib = 256;
  auto opened = open_database(name, stage().vfs.name(), options);
  if (!opened) return;
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(opened->get(), "SELECT id, body FROM t ORDER BY id", -1, &raw, nullptr) != SQLITE_OK) return;
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> query{raw, sqlite3_finalize};
  std::int64_t row = 0;
  while (sqlite3_step(raw) == SQLITE_ROW) {
    KIZ_ASSERT(sqlite3_column_int64(raw, 0) == ++row && row <= commits);
    KIZ_ASSERT(reinterpret_cast<const char*>(sqlite3_column_text(raw, 1)) == body_of(row));
  }
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  Stage& all = stage();
  auto files = all.files;
  const ByteView rest = in.subspan(1);
  files[in[0] % 2 == 0 ? name : log_name].assign(rest.begin(), rest.end());
  if (in[0] % 3 == 2) files.erase(log_name);
  all.disk.restore(files);
  check_content();
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const std::uint8_t choice : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{2}}) {
    const Bytes& bytes = stage().files.at(choice % 2 == 0 ? name : log_name);
    out.emplace_back(1, choice).insert(out.back().end(), bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace kiz::fuzz
