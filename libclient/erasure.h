// Erasure by law: orders that name a place, what they take away, and each device's word that it is done. Rules: SPEC.md §13.
//
// An order is a record (registry kind erasure) in the collection `erasures` of the member whose space it concerns, so it
// travels like every entry, needs the right to erase, and is there before or after what it names. It covers the values of
// fields of one record that were written up to a moment, and single cells beside them; or the names of acting persons in a
// space. It takes effect after its days have passed, or at once when a second person confirms it. Structure stays: chains
// verify, hashes do not change, and who comes back after years converges.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "libclient/replica_core.h"
#include "protocol/erasure_numbers.h"

namespace kiz::erasure {

enum class Reason : std::uint8_t { request = 1, retention = 2, unlawful = 3 };

inline constexpr std::uint64_t announced_days = 14;  // unless the order says otherwise

struct Order {
  RecordId id;
  Space space;          // the order's own
  Space target_space;   // same owner
  RecordId target;      // kind 0: the names of acting persons in the whole space
  std::set<std::uint32_t> fields = {};  // empty: all of them
  std::set<CellName> cells;        // covered whatever their time
  Reason reason = Reason::request;
  std::uint64_t requested_ms = 0;
  std::uint64_t effective_ms = 0;
  std::uint64_t confirmed_ms = 0;  // 0: nobody has
  std::uint64_t until_ms = 0;      // values stamped up to here
  bool withdrawn = false;

  bool in_force(std::uint64_t now_ms) const { return !withdrawn && (confirmed_ms != 0 || effective_ms <= now_ms); }
  /// True if the value of op `index` of an entry, which says so at this time, is to go.
  bool covers(const Op& op, const CellName& cell, Timestamp said) const;
};

/// Every order held, by time of request. One that cannot be read as an order (of a newer version) is left out.
std::vector<Order> orders(const ReplicaCore& core);
/// Those that take effect by this device's clock.
std::vector<Order> in_force(const ReplicaCore& core);

struct Wish {
  Space space;  // of this device's own member
  RecordId record;
  std::set<std::uint32_t> fields = {};  // empty: all
  Reason reason = Reason::request;
  std::uint64_t days = announced_days;
  std::uint64_t until_ms = 0;  // 0: now
};
/// Orders an erasure. Values that are live now and stamped later (by a fast clock) are named one by one.
/// errors: not_permitted (no right to erase here), and those of ReplicaCore::commit
Result<RecordId> order(ReplicaCore& core, const Wish& wish, const Actor& actor);
/// The same for many, all in one commit.
Result<void> order(ReplicaCore& core, const std::vector<Wish>& wishes, const Actor& actor);
/// A second person confirms: the order takes effect at once.
/// errors: not_found; conflict_open (the person who ordered it, or one without a name, on the same device); not_permitted
Result<void> confirm(ReplicaCore& core, const RecordId& order, const Actor& actor);
/// Takes an order back that is not in force yet. errors: not_found, over_limit (it is in force), not_permitted
Result<void> withdraw(ReplicaCore& core, const RecordId& order, const Actor& actor);

struct Done {
  std::uint64_t values = 0;   // taken away by this call
  std::uint64_t answers = 0;  // orders that this device has answered now
};
/// Carries out every order in force, wipes what they leave behind in the files, and answers the orders not answered yet.
/// Does nothing twice. errors: no_space, io_error
Result<Done> carry_out(ReplicaCore& core);
/// What was dropped lies in freed pages and in the write-ahead log until both are written anew. Outside of transactions.
void wipe_files(ReplicaCore& core);
/// Inside a commit, after entries have arrived: what orders in force cover goes before it is ever durable.
void cover_arrivals(ReplicaCore& core, const std::vector<std::pair<SpaceSlot*, EntryRef>>& arrived);

/// A device's word on one order.
struct Answered {
  AuthorKey device;
  std::uint64_t done_ms = 0;
  std::uint64_t values = 0;
  std::string backups_until;  // YYYY-MM-DD; empty: none known
};
std::vector<Answered> answers(const ReplicaCore& core, const Order& order);
/// Devices that may hold what the order names and have not answered.
std::vector<AuthorKey> unanswered(const ReplicaCore& core, const Order& order);

/// A value in the order's place that it does not cover, because it was entered later.
struct Later {
  CellName cell;
  std::uint32_t field = 0;
  AuthorKey device;
  Timestamp said;
  bool answered_before = false;  // the device had carried the order out: it knew of it
};
/// Those that are held, by time. Of an order on names of acting persons there are none: a period ends there, not a place.
std::vector<Later> later(const ReplicaCore& core, const Order& order);
/// Every value that the order covers, held or not, ascending.
std::vector<CellName> covered(const ReplicaCore& core, const Order& order);
/// Values of the order's target that are still held here.
std::uint64_t held(const ReplicaCore& core, const Order& order);

}  // namespace kiz::erasure
