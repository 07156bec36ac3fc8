// Limits of the disk and of SQLite on it.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "tests/bench/database.h"
#include "tests/bench/limits.h"
#include "tests/bench/plain_record.h"

namespace kiz::bench {
namespace {

constexpr std::uint64_t rows_per_transaction = 1000;
constexpr auto key_digits = 32;

struct Row {
  Bytes key;  // 16 bytes
  std::string municipality;
  std::string json;
};

std::vector<Row> rows(const Options& o) {
  OfferGenerator generator{o.seed};
  std::vector<Row> out;
  out.reserve(o.n);
  for (std::uint64_t i = 0; i < o.n; ++i) {
    const Offer offer = generator.next();
    out.push_back({from_hex(std::string_view{offer.id}.substr(0, key_digits)), offer.municipality, to_json(offer)});
  }
  return out;
}

// Runs `insert(i)` for all n rows in transactions of rows_per_transaction.
template <class Insert>
void in_transactions(Database& database, std::uint64_t n, Insert insert) {
  for (std::uint64_t i = 0; i < n;) {
    database.run("BEGIN IMMEDIATE");
    for (const auto end = std::min(n, i + rows_per_transaction); i < end; ++i) insert(i);
    database.run("COMMIT");
  }
}

constexpr auto row_table = "CREATE TABLE r(id BLOB PRIMARY KEY, municipality TEXT, body TEXT)";
constexpr auto row_index = "CREATE INDEX r_municipality ON r(municipality)";
constexpr auto row_insert = "INSERT INTO r VALUES(?,?,?)";

}  // namespace

Limit limit_fdatasync(const Options& o) {
  const std::uint64_t n = 2000;
  const WorkFolder folder{o.folder};
  const int fd = ::open((folder.path() / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw std::system_error{errno, std::generic_category(), "open"};
  const std::string page(4096, 'x');
  const auto write_once = [&] {
    if (::pwrite(fd, page.data(), page.size(), 0) < 0 || ::fdatasync(fd) != 0) {
      throw std::system_error{errno, std::generic_category(), "fdatasync"};
    }
  };
  write_once();
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < n; ++i) write_once();
  const double seconds = watch.seconds();
  ::close(fd);
  return {"fdatasync of 4 KiB", n, seconds, "syncs"};
}

Limit limit_commit(const Options& o) {
  const std::uint64_t n = std::min<std::uint64_t>(o.n, 5000);
  const WorkFolder folder{o.folder};
  Database database{folder.path() / "db"};
  database.run("CREATE TABLE r(id INTEGER PRIMARY KEY, body TEXT)");
  Statement insert{database, "INSERT INTO r VALUES(?,?)"};
  const std::string body = to_json(OfferGenerator{o.seed}.next());
  const Stopwatch watch;
  for (std::uint64_t i = 0; i < n; ++i) insert.run(static_cast<std::int64_t>(i), std::string_view{body});
  return {"SQLite WAL FULL commit", n, watch.seconds(), "commits"};
}

Limit limit_bulk_rows(const Options& o, Pages pages) {
  const WorkFolder folder{o.folder};
  const auto all = rows(o);
  Database database{folder.path() / "db", pages};
  database.run(row_table);
  database.run(row_index);
  Statement insert{database, row_insert};
  const Stopwatch watch;
  in_transactions(database, o.n, [&](std::uint64_t i) {
    insert.run(ByteView{all[i].key}, std::string_view{all[i].municipality}, std::string_view{all[i].json});
  });
  return {pages == Pages::plain ? "SQLite bulk, random key and index" : "SQLite bulk, encrypted pages", o.n,
          watch.seconds(), "rows"};
}

Limit limit_sorted_rows(const Options& o) {
  const WorkFolder folder{o.folder};
  auto all = rows(o);
  Database database{folder.path() / "db"};
  database.run(row_table);
  Statement insert{database, row_insert};
  const Stopwatch watch;
  std::ranges::sort(all, {}, &Row::key);
  in_transactions(database, o.n, [&](std::uint64_t i) {
    insert.run(ByteView{all[i].key}, std::string_view{all[i].municipality}, std::string_view{all[i].json});
  });
  database.run(row_index);
  return {"SQLite bulk, sorted, then indexed", o.n, watch.seconds(), "rows"};
}

Limit limit_log_append(const Options& o) {
  const WorkFolder folder{o.folder};
  const auto all = rows(o);
  Database database{folder.path() / "db"};
  database.run("CREATE TABLE log(seq INTEGER PRIMARY KEY, body TEXT)");
  Statement insert{database, "INSERT INTO log VALUES(?,?)"};
  const Stopwatch watch;
  in_transactions(database, o.n,
                  [&](std::uint64_t i) { insert.run(static_cast<std::int64_t>(i), std::string_view{all[i].json}); });
  return {"SQLite bulk, rising key", o.n, watch.seconds(), "rows"};
}

}  // namespace kiz::bench
