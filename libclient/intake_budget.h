// How much of one device's work is taken from others at once, and how much room on the disk is kept for our own edits.
// Rules: SPEC.md §10.5; numbers: limits.h.
//
// A valid entry is never refused for good: replicas that kept different entries would differ for ever. What is too much is
// put off: its log pauses at whoever sends it, all others go on, and it is offered again.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "kiz/replica.h"
#include "protocol/entry.h"

namespace kiz {

class IntakeBudget {
 public:
  /// What was taken of a device, less what was forgotten since. Stands in the store under the device's key, so that neither
  /// a restart nor a crash gives anybody a second burst.
  struct Account {
    std::uint64_t bytes = 0;
    std::uint64_t at_ms = 0;       // as of then
    std::uint64_t put_off_ms = 0;  // when something was put off last; 0: never

    template <class Archive>
    void serialize(Archive& ar) { ar(bytes, at_ms, put_off_ms); }
  };

  IntakeBudget() : IntakeBudget(ReplicaOptions{}) {}
  explicit IntakeBudget(const ReplicaOptions& options);

  /// An account as the store has it.
  void load(const AuthorKey& author, const Account& account) { accounts_[author] = {account, account}; }

  /// No more of this device is taken now. What the clock says backwards forgets nothing.
  bool is_spent(const AuthorKey& author, std::uint64_t now_ms) const;
  std::map<AuthorKey, Account> accounts() const;
  std::uint64_t burst_bytes() const { return burst_bytes_; }
  std::uint64_t daily_bytes() const { return daily_bytes_; }

  // ---- one transaction: what it takes counts in it at once, and for good when it is durable
  void begin() { batch_.clear(); }
  void take(const AuthorKey& author, std::uint64_t bytes, std::uint64_t now_ms);
  void put_off(const AuthorKey& author, std::uint64_t now_ms);
  /// Accounts that differ from the store's by more than a crash may cost: they are to be written.
  std::map<AuthorKey, Account> unwritten();
  void end();

 private:
  struct Held {
    Account now, written;
  };

  Account settled(Account account, std::uint64_t now_ms) const;
  Held& in_batch(const AuthorKey& author, std::uint64_t now_ms);

  std::uint64_t burst_bytes_, daily_bytes_;
  std::map<AuthorKey, Held> accounts_;
  std::map<AuthorKey, Held> batch_;  // copies of those that this transaction changes
};

/// What an entry takes on a disk, roughly: its body at rest, and what is derived from its ops.
std::uint64_t room_of(const EntryBody& body, std::size_t packed_bytes);

/// True if what is left of a disk is kept for our own edits: nothing of others is taken.
bool is_reserve(std::uint64_t free_bytes, std::uint64_t disk_bytes);
/// The same of the disk under this folder; false where nothing can be learnt of it.
bool is_reserve_reached(const std::filesystem::path& folder);

}  // namespace kiz
