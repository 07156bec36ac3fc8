// The files of a store beside its database: lock, store key, keyring, incarnation. Opened in this order, closed in reverse.
//
//   lock         held while the store is open; names the holder
//   key          what unlocks everything else (or a passphrase or a systemd credential does)
//   keyring      keys of this device and of its pairs, sealed; not part of a backup
//   incarnation  which life of the store this is; not part of a backup, so that a restored one notices
//   last_heads   the newest own entries; not part of a backup either, see last_heads.h
//   intake       what is being taken in; not part of a backup, see intake_guard.h
//   store.db     the encrypted database
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kiz/replica.h"
#include "libclient/database.h"
#include "libclient/intake_guard.h"
#include "libclient/sqlite.h"
#include "libclient/store_key.h"
#include "protocol/crypto.h"
#include "protocol/entry.h"

namespace kiz {

struct KeyringContents;

class StoreFiles {
 public:
  /// create: makes directory, keys and incarnation for a new device of that name.
  /// errors: not_set_up, already_set_up, store_in_use, wrong_key, io_error, no_space
  static Result<std::unique_ptr<StoreFiles>> open(const ReplicaOptions& options, const std::optional<std::string>& create);
  ~StoreFiles();

  /// Makes the files of a store that comes from a backup, in options.directory, where no store may be: key file (used if
  /// it is there, else made), keyring, and last the database, which `write` fills page by page through the VFS it is
  /// named, under a name of its own. No incarnation file: the store notices and begins a new life. Nothing is left of a
  /// failure that was not there before.
  /// errors: already_set_up, store_in_use, wrong_key (the key file that is there), io_error, no_space, those of `write`
  using WriteDatabase = std::function<Result<void>(const std::string& vfs_name, const std::string& path)>;
  static Result<void> put_back(const ReplicaOptions& options, const KeyringContents& ring, const WriteDatabase& write);

  /// The database, opened and brought to the current schema; knows whether it belongs to the incarnation file.
  Result<std::unique_ptr<Sql>> open_database(bool create);

  const crypto::SigningKey& signing() const;
  const AuthorKey& author() const { return signing().author(); }
  const TransportKey& transport() const;
  /// Null unless this is the realm authority's node.
  const crypto::SigningKey* issuing_key() const;

  const Incarnation& incarnation() const;
  /// Set by open_database when this store is a restored or copied one: the next log says so.
  LogReason reason() const;
  /// Begins a new life before the next append. errors: io_error, no_space
  Result<void> renew_incarnation(LogReason reason);
  /// Notes beside the database how much it holds, so that an older copy of it is noticed. At closing and now and then.
  Result<void> note_entries(Sql& db);
  /// Notes own entries, just committed, and how long the control log is. Best effort: without the note an older database
  /// put back may go unnoticed until a peer proves it, and nothing else is lost.
  void note_heads(const std::vector<Head>& heads, Seq control);
  IntakeGuard& intake_guard();
  const std::string& device_name() const;

  KeyringContents& keyring();
  const KeyringContents& keyring() const;
  /// Writes the keyring. errors: io_error, no_space
  Result<void> save_keyring();

  std::string database_path() const;
  const StoreKey& key() const;
  /// One more connection beside the open one, for reading in another thread. Empty: the base VFS takes only one.
  /// errors: those of open_database()
  Result<Connection> open_reader() const;

 private:
  struct Parts;
  Result<std::unique_ptr<Sql>> open_database_file(const DatabaseOptions& options);
  Result<void> begin_life(Sql& db);
  bool holds_what_was_noted(Sql& db) const;
  explicit StoreFiles(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace kiz
