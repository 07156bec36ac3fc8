// The duty to offer (ArchivG NRW section 10(4)): what a retention period is over for goes to the archive first, as an offer,
// and is erased only after the archive has taken or declined it or its term is over. Rules: SPEC.md §13.
//
//   due ─► offered ─► taken | declined | term_over ─► ordered ─► gone          consents: due ─► offered, and kept for good
//
// An offer is a record (registry kind archive_offer) beside the orders to erase, so all devices of the member and the Kreis
// see it. It names places and a digest of what was there, never values. What arrives later in such a place and was written
// before changes the digest: the offer does not cover it, and it is offered anew.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "libclient/retention.h"

namespace kiz::archive {

inline constexpr int term_months = 6;  // an archive decides within half a year (ArchivG NRW section 4)
inline constexpr int term_months_max = 60;
inline constexpr std::size_t items_max = 1000;  // of one offer; what is left over makes the next one

/// A place as it was offered.
struct Item {
  Space space;
  RecordId record;             // kind 0: the names of acting persons in the space
  std::uint64_t until_ms = 0;  // values stamped up to here
  std::string basis;           // digest of the values' names, hexadecimal

  bool operator==(const Item&) const = default;
};

enum class Answer : std::uint8_t { none, taken, declined };

struct Offer {
  RecordId id;
  Space space;
  std::string archive;
  std::uint64_t offered_ms = 0;
  std::string decide_by;    // the last day of the term, YYYY-MM-DD
  std::string answered_on;  // empty: not yet
  Answer answer = Answer::none;
  std::vector<Item> items;
  std::vector<Item> taken, declined;  // answered otherwise than the rest

  Answer answer_on(const Item& item) const;
  bool term_over(std::uint64_t now_ms) const;
};

/// Every offer held, by time. One that cannot be read (of a newer version) is left out.
std::vector<Offer> offers(const Replica& replica);

enum class State : std::uint8_t { due, offered, taken, declined, term_over, ordered };
const char* name(State state);

/// What is due, and how far it has come.
struct Standing {
  retention::Due due;
  State state = State::due;
  std::uint64_t until_ms = 0;        // what an order to erase may cover
  std::optional<Offer> offer = {};   // that covers it
  std::optional<RecordId> order = {};
};
/// In the spaces that this device's member owns. Of names of acting persons, what was offered and what came after stand
/// apart. Consents that the archive has had its time for are left out: nothing follows.
std::vector<Standing> standings(Replica& replica);

struct Wish {
  std::string archive;
  int months = term_months;
};
struct Made {
  RecordId id;
  std::size_t items = 0;
  std::size_t left_over = 0;  // due, too, beyond items_max
};
/// Offers everything that is due and not offered. errors: not_found (nothing is), invalid_input (archive, months),
/// not_permitted (no right to erase), and those of Replica::commit
Result<Made> offer(Replica& replica, const Wish& wish, const Actor& actor);

/// The archive's answer, on the whole or on some records (kind 0 for names) of the offer. The last one counts.
/// errors: invalid_input (day; a record that is not in it), not_permitted, and those of Replica::commit
Result<void> answer(Replica& replica, const Offer& offer, Answer answer, const std::string& day, const std::vector<Item>& items,
                    const Actor& actor);

/// Whether an erasure because of retention may go ahead.
enum class Bar : std::uint8_t { none, permanent, not_due, fields, not_offered, undecided };
struct Verdict {
  Bar bar = Bar::none;
  std::uint64_t until_ms = 0;             // what may go; only where nothing bars it
  std::set<std::uint32_t> fields = {};    // what the period is over for; empty: all
  std::optional<Offer> offer = {};
};
/// fields: empty, all of the record
Verdict judge(Replica& replica, const Space& space, const RecordId& record, const std::set<std::uint32_t>& fields);

}  // namespace kiz::archive
