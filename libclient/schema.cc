#include "libclient/schema.h"

#include <string>

namespace kiz {
namespace {

// Step n leads from version n-1 to n. Released steps never change; a step never touches the log (entries, control).
constexpr const char* steps[] = {
    R"sql(
-- The control log as it was signed; its position is the row's number.
CREATE TABLE control(seq INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- A space held here. generation counts changes; state_hash is valid for hashed_at = generation.
CREATE TABLE spaces(
  id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,
  generation INTEGER NOT NULL DEFAULT 0, hashed_at INTEGER, state_hash BLOB,
  entries INTEGER NOT NULL DEFAULT 0);

-- A log of a space: ref counts from 1 inside the space. genesis is empty while the log is known by hearsay only.
CREATE TABLE logs(
  space INTEGER NOT NULL, ref INTEGER NOT NULL, log_id BLOB NOT NULL, genesis BLOB, info BLOB NOT NULL,
  PRIMARY KEY(space, ref)) WITHOUT ROWID;
CREATE UNIQUE INDEX logs_by_id ON logs(space, log_id);

-- Every entry held, of whatever state. body: first byte 0 = canonical bytes follow, 1 = the same by zstd.
-- signature: the author's over this entry, where a run ended.
CREATE TABLE entries(
  id INTEGER PRIMARY KEY, space INTEGER NOT NULL, log INTEGER NOT NULL, branch INTEGER NOT NULL, seq INTEGER NOT NULL,
  hash BLOB NOT NULL, hlc INTEGER NOT NULL, epoch INTEGER NOT NULL, control INTEGER NOT NULL, control_hash BLOB NOT NULL,
  void INTEGER NOT NULL DEFAULT 0, signature BLOB, body BLOB NOT NULL);
CREATE UNIQUE INDEX entries_by_hash ON entries(hash);
CREATE UNIQUE INDEX entries_by_place ON entries(space, log, branch, seq);

-- What entries say they had seen, one row for each head listed.
CREATE TABLE listings(
  space INTEGER NOT NULL, log INTEGER NOT NULL, branch INTEGER NOT NULL, cited INTEGER NOT NULL, at INTEGER NOT NULL,
  seq INTEGER NOT NULL, entry BLOB NOT NULL, run_max INTEGER NOT NULL,
  PRIMARY KEY(space, log, branch, cited, at, seq, entry)) WITHOUT ROWID;
CREATE INDEX listings_by_head ON listings(space, cited, seq);

-- Hashes that stored entries named before an entry with them was held.
CREATE TABLE foretold(
  space INTEGER NOT NULL, hash BLOB NOT NULL, is_head INTEGER NOT NULL, log INTEGER NOT NULL, seq INTEGER NOT NULL,
  PRIMARY KEY(space, hash, is_head, log, seq)) WITHOUT ROWID;

-- Merged records: a cache that `kiz verify --neu` derives again from the entries. touched: ids of the entries with an op
-- on the record, ascending, as varint differences. Rows are appended and found by index: random keys in a table of wide
-- rows would rewrite a page for each record.
CREATE TABLE records(
  id INTEGER PRIMARY KEY, space INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
  disputed INTEGER NOT NULL DEFAULT 0, state BLOB NOT NULL, touched BLOB NOT NULL);
CREATE UNIQUE INDEX records_by_key ON records(space, kind, key);
CREATE INDEX records_disputed ON records(disputed) WHERE disputed > 0;

-- Short numbers of conflicts (K-1); a number is never given twice.
CREATE TABLE conflicts(
  number INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
  field INTEGER NOT NULL, UNIQUE(space, kind, key, field));

-- How far each peer has acknowledged each log, after its own commit.
CREATE TABLE acknowledged(
  space INTEGER NOT NULL, log INTEGER NOT NULL, peer BLOB NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY(space, log, peer)) WITHOUT ROWID;

-- Last commits of this device, newest last: what `undo` takes back.
CREATE TABLE own_commits(number INTEGER PRIMARY KEY AUTOINCREMENT, entries BLOB NOT NULL);

CREATE TABLE facts(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
)sql",
    R"sql(
-- Bundles exchanged with each device (transport key): the last one of its own that was read here, the control position
-- it stood at, and the last one written for it.
CREATE TABLE bundle_peers(
  peer BLOB PRIMARY KEY, read_number INTEGER NOT NULL DEFAULT 0, read_ms INTEGER NOT NULL DEFAULT 0,
  control INTEGER NOT NULL DEFAULT 0, control_hash BLOB NOT NULL DEFAULT x'',
  sent_number INTEGER NOT NULL DEFAULT 0, sent_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;

-- How far the bundles written for a device lead, whether it has read them or not.
CREATE TABLE bundle_sent(
  peer BLOB NOT NULL, space INTEGER NOT NULL, log INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY(peer, space, log)) WITHOUT ROWID;

-- Heads that a peer has shown with their authors' signatures and that are not held here. missed: when another peer (the
-- one in `by`) claimed to hold the same as this replica although this head was known to exist; 0: not yet.
CREATE TABLE told_heads(
  log BLOB NOT NULL, entry BLOB NOT NULL, space BLOB NOT NULL, seq INTEGER NOT NULL, signature BLOB NOT NULL,
  told_by BLOB NOT NULL, told_ms INTEGER NOT NULL, missed_ms INTEGER NOT NULL DEFAULT 0, missed_by BLOB NOT NULL DEFAULT x'',
  PRIMARY KEY(log, entry)) WITHOUT ROWID;
)sql",
    R"sql(
-- Live values that are not held here: what a peer is asked for. Records of before are counted when they change next.
ALTER TABLE records ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_unknown ON records(space, id) WHERE unknown > 0;
)sql",
};
static_assert(sizeof steps / sizeof steps[0] == schema_version);

}  // namespace

int schema_of(Sql& db) {
  auto query = db.query("PRAGMA user_version");
  return query.step() ? static_cast<int>(query.number(0)) : 0;
}

Result<void> migrate(Sql& db) { return migrate_along(db, steps); }

Result<void> migrate_along(Sql& db, std::span<const char* const> along) {
  const int version = schema_of(db), last = static_cast<int>(along.size());
  if (version > last) return Error{Errc::store_too_new, std::to_string(version)};
  if (version == last) return {};
  Transaction transaction{db};
  for (int step = version; step < last; ++step) db.execute(along[static_cast<std::size_t>(step)]);
  (db.query("INSERT INTO facts(name, value) VALUES('program', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
   << std::string_view{KIZ_VERSION})
      .run();
  db.execute(("PRAGMA user_version = " + std::to_string(last)).c_str());
  transaction.commit();
  return {};
}

}  // namespace kiz
