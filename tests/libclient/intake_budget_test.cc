#include "libclient/intake_budget.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "protocol/limits.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/one_offer.h"
#include "tests/support/realm.h"
#include "tests/support/warned.h"

using namespace kiz;
using namespace kiz::test;

namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::uint64_t burst = 64u << 10, daily = 64u << 10;

ReplicaOptions bounded() {
  ReplicaOptions out;
  out.author_burst_bytes = burst;
  out.author_daily_bytes = daily;
  return out;
}

AuthorKey author(std::uint8_t n) { return AuthorKey::from(Bytes(32, n)); }

/// Offers that do not get smaller by packing, one entry each.
void write_much(Replica& town, int count) {
  static SeededRandom random{1};
  for (int n = 0; n < count; ++n) {
    Bytes noise(750);
    random.fill(noise);
    RecordId record{registry::kinds::offer, {}};
    random.fill(record.key.bytes);
    Edit edit = town.begin();
    edit.set(town.space(town.identity().member, Collection::offers), record, registry::fields::offer::description, Value{to_hex(noise)});
    REQUIRE(town.commit(edit, {}));
  }
}

std::size_t entries(const Replica& replica, const MemberId& owner) {
  for (const SpaceStatus& space : replica.spaces()) {
    if (space.space.owner == owner && space.space.collection == Collection::offers) return space.entries;
  }
  return 0;
}

/// As a machine begins one that was put back to an image: what it writes from now on stands in a new log.
void begin_life(std::unique_ptr<Replica>& town) {
  const ReplicaOptions options = town->core().options();
  town.reset();
  std::filesystem::remove(options.directory / "incarnation");
  auto again = Replica::open(options);
  REQUIRE(again);
  town = std::move(*again);
}

/// A session that stays open, with runs that are short beside a burst.
class Meeting {
 public:
  Meeting(Replica& town, Replica& kreis) {
    SyncOptions options;
    options.run_bytes_target = 8u << 10;
    auto caller = PeerTalk::call(town.core(), now_, options);
    REQUIRE(caller);
    town_ = std::move(*caller);
    kreis_ = PeerTalk::answer(kreis.core(), now_, options);
    carry();
  }
  void wait(SteadyTime time) {
    for (const SteadyTime end = now_ + time; now_ < end;) {
      now_ += std::chrono::seconds{30};
      town_->on_time(now_);
      kreis_->on_time(now_);
      carry();
    }
  }
  bool goes_on() const { return !town_->finished() && !kreis_->finished(); }
  bool in_sync() const { return town_->in_sync() && kreis_->in_sync(); }
  std::uint64_t bytes() const { return bytes_; }

 private:
  void carry() {
    for (int round = 0; round < 10'000; ++round) {
      const Bytes out = town_->take_output(now_), back = kreis_->take_output(now_);
      if (out.empty() && back.empty()) return;
      bytes_ += out.size() + back.size();
      if (!out.empty()) kreis_->feed(out, now_);
      if (!back.empty()) town_->feed(back, now_);
    }
  }

  SteadyTime now_{1000};
  std::unique_ptr<PeerTalk> town_, kreis_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

TEST_CASE("intake budget: what was taken of a device is forgotten day by day, and a burst is all there is at once") {
  ReplicaOptions options = bounded();
  IntakeBudget budget{options};
  const auto take = [&](std::uint64_t bytes, std::uint64_t at) {
    budget.begin();
    budget.take(author(1), bytes, at);
    budget.end();
  };
  CHECK_FALSE(budget.is_spent(author(1), 0));
  take(burst - 1, day_ms);
  CHECK_FALSE(budget.is_spent(author(1), day_ms));
  take(1, day_ms);
  CHECK(budget.is_spent(author(1), day_ms));
  CHECK_FALSE(budget.is_spent(author(2), day_ms));  // others have their own
  CHECK_FALSE(budget.is_spent(author(1), day_ms + 60'000));
  take(daily, day_ms);
  CHECK(budget.is_spent(author(1), 2 * day_ms - 1000));
  CHECK(budget.is_spent(author(1), 2 * day_ms));
  CHECK_FALSE(budget.is_spent(author(1), 2 * day_ms + 2000));
  // A clock that went back forgets nothing, and goes on from there.
  take(2 * burst, 3 * day_ms);
  CHECK(budget.is_spent(author(1), 0));
  take(1, 0);
  CHECK(budget.is_spent(author(1), day_ms / 4));
  CHECK_FALSE(budget.is_spent(author(1), 2 * day_ms));
  CHECK_FALSE(budget.is_spent(author(1), ~std::uint64_t{0}));
}

TEST_CASE("intake budget: often and little is forgotten like seldom and much") {
  IntakeBudget budget{bounded()};
  std::uint64_t now = day_ms;
  for (int n = 0; n < 200'000; ++n) {
    budget.begin();
    budget.take(author(1), n < 1024 ? 128 : 0, now += 100);  // less than a byte a time
    budget.end();
  }
  const std::uint64_t forgotten = 1024 * 128 - budget.accounts().at(author(1)).bytes;
  constexpr std::uint64_t at_once = daily * 20'000'000 / day_ms;
  CHECK(forgotten > at_once - at_once / 100);
  CHECK(forgotten < at_once + at_once / 100);
}

TEST_CASE("intake budget: a transaction that fails has taken nothing, and a crash forgets next to nothing") {
  IntakeBudget budget{bounded()};
  budget.begin();
  budget.take(author(1), burst, day_ms);
  CHECK(budget.is_spent(author(1), day_ms));  // within the transaction it counts
  budget.begin();
  CHECK_FALSE(budget.is_spent(author(1), day_ms));

  std::uint64_t written = 0;
  for (int n = 0; n < 1000; ++n) {
    budget.begin();
    budget.take(author(1), 100, day_ms);
    for (const auto& [who, account] : budget.unwritten()) written = account.bytes;
    budget.end();
    CHECK(written + burst / 256 >= budget.accounts().at(author(1)).bytes);
  }
  IntakeBudget again{bounded()};
  again.load(author(1), {burst, day_ms, 0});
  CHECK(again.is_spent(author(1), day_ms));
}

TEST_CASE("intake budget: the last of a disk is kept for our own edits") {
  constexpr std::uint64_t large = 1ull << 40, small = 64u << 20;
  CHECK(is_reserve(limits::disk_reserve_bytes_max - 1, large));
  CHECK_FALSE(is_reserve(limits::disk_reserve_bytes_max, large));
  CHECK(is_reserve(small / 16 - 1, small));
  CHECK_FALSE(is_reserve(small / 16, small));
  CHECK_FALSE(is_reserve(0, 0));  // not known
  CHECK_FALSE(is_reserve_reached("/nowhere/at/all"));
}

TEST_CASE("intake budget: of a town at full rate everybody takes a burst and then so much a day; others notice nothing") {
  Realm realm{{{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, bounded()};
  auto loud = realm.join("05554004");
  auto quiet = realm.join("05554008");
  constexpr int much = 400;  // more than five bursts
  write_much(*loud, much);
  write_offer(*quiet, "one of few");

  Meeting meeting{*loud, realm.kreis()};
  CHECK(meeting.goes_on());
  CHECK_FALSE(meeting.in_sync());
  const std::size_t at_first = entries(realm.kreis(), "05554004");
  CHECK(at_first > 20);
  CHECK(at_first < much / 3);
  CHECK(warned(realm.kreis(), "W_PUT_OFF"));
  CHECK(warned(*loud, "W_PUT_OFF_THERE"));
  realm.sync(*quiet);  // both are in sync: REQUIREd there
  CHECK(title(realm.kreis(), "05554008") == "one of few");
  CHECK(entries(*quiet, "05554004") == at_first);
  CHECK_FALSE(warned(*quiet, "W_PUT_OFF_THERE"));

  // An hour of trying again costs little, and nothing more is taken while the clock of the Kreis stands.
  const std::uint64_t bytes = meeting.bytes();
  meeting.wait(std::chrono::hours{1});
  CHECK(meeting.goes_on());
  CHECK(entries(realm.kreis(), "05554004") == at_first);
  CHECK(meeting.bytes() - bytes < 6 * (16u << 10));

  std::vector<std::size_t> held{at_first};
  for (int day = 1; day <= 6 && held.back() < much; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      realm.now_ms += day_ms / 24;
      meeting.wait(std::chrono::minutes{10});
    }
    held.push_back(entries(realm.kreis(), "05554004"));
    const std::size_t more = held.back() - held[held.size() - 2];
    CAPTURE(day);
    CHECK(more > 0);
    CHECK(more < 100);  // daily bytes, and a run
  }
  CHECK(held.size() > 3);
  REQUIRE(held.back() == much);
  CHECK(meeting.in_sync());
  realm.now_ms += 2 * day_ms;
  CHECK_FALSE(warned(realm.kreis(), "W_PUT_OFF"));
  CHECK_FALSE(warned(*loud, "W_PUT_OFF_THERE"));
  // The other town has its own account of the loud one, and comes to the same in the end.
  for (int day = 0; day < 5; ++day) {
    Meeting other{*quiet, realm.kreis()};
    realm.now_ms += day_ms;
    if (other.in_sync()) break;
  }
  realm.sync(*quiet);
  CHECK(quiet->state_hash() == realm.kreis().state_hash());
}

TEST_CASE("intake budget: a restart gives nobody a second burst") {
  Realm realm{{{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, bounded()};
  auto town = realm.join("05554004");
  auto newcomer = realm.join("05554008");
  for (int piece = 0; piece < 6; ++piece) {
    write_much(*town, 40);
    realm.now_ms += 2 * day_ms;
    Meeting{*town, realm.kreis()};
  }
  REQUIRE(entries(realm.kreis(), "05554004") == 240);
  Meeting{*newcomer, realm.kreis()};  // comes upon all of it at once
  const std::size_t held = entries(*newcomer, "05554004");
  CHECK(held > 20);
  CHECK(held < 240);
  const ReplicaOptions options = newcomer->core().options();
  for (int time = 0; time < 3; ++time) {
    newcomer.reset();
    newcomer = std::move(*Replica::open(options));
    Meeting{*newcomer, realm.kreis()};
    CHECK(entries(*newcomer, "05554004") <= held + 10);  // a run more: the account was written a little before
  }
  for (int day = 0; day < 5; ++day) {
    realm.now_ms += day_ms;
    Meeting{*newcomer, realm.kreis()};
  }
  CHECK(entries(*newcomer, "05554004") == 240);
  CHECK(newcomer->state_hash() == realm.kreis().state_hash());
}

TEST_CASE("intake budget: what a device wrote itself comes back at once") {
  Realm realm{{{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, bounded()};
  auto town = realm.join("05554004");
  const ReplicaOptions options = town->core().options();
  const TempDir backup;
  town.reset();
  std::filesystem::copy(options.directory, backup.path() / "town", std::filesystem::copy_options::recursive);
  town = std::move(*Replica::open(options));
  for (int piece = 0; piece < 6; ++piece) {
    write_much(*town, 40);
    realm.now_ms += 2 * day_ms;
    Meeting{*town, realm.kreis()};
  }
  REQUIRE(entries(realm.kreis(), "05554004") == 240);  // several bursts

  town.reset();
  std::filesystem::remove_all(options.directory);
  std::filesystem::rename(backup.path() / "town", options.directory);
  town = std::move(*Replica::open(options));
  CHECK(entries(*town, "05554004") == 0);
  realm.sync(*town);
  CHECK(entries(*town, "05554004") == 240);
  CHECK(town->core().intake_budget().accounts().empty());
}

// An office whose machine is put back to the same image each morning begins a new log each time. Were the number of its logs
// bounded, each of two machines could hold the logs that the other refuses, for ever.
TEST_CASE("intake budget: a device may have many lives, and all come together everywhere") {
  Realm realm;
  auto first = realm.join("05554004"), second = realm.join("05554004");
  const std::size_t lives = limits::logs_per_key_free + 4;
  for (std::size_t life = 0; life < lives; ++life) {
    begin_life(first);
    realm.now_ms += 1000;
    write_much(*first, 1);
  }
  realm.sync(*first);
  realm.sync(*second);
  CHECK(entries(realm.kreis(), "05554004") == lives);
  CHECK(entries(*second, "05554004") == lives);
}

TEST_CASE("intake budget: further lives count for more than they hold") {
  ReplicaOptions megabyte;
  megabyte.author_burst_bytes = megabyte.author_daily_bytes = 1u << 20;
  Realm realm{{{"05554004", "Ahaus"}}, megabyte};
  auto town = realm.join("05554004");
  for (std::size_t life = 0; life < limits::logs_per_key_free + limits::further_logs_per_burst + 8; ++life) {
    begin_life(town);
    RecordId record{registry::kinds::offer, {}};
    town->random(record.key.bytes);
    Edit edit = town->begin();
    edit.set(town->space("05554004", Collection::offers), record, registry::fields::offer::title, Value{"K"});
    REQUIRE(town->commit(edit, {}));
  }
  Meeting meeting{*town, realm.kreis()};
  const std::size_t at_once = entries(realm.kreis(), "05554004");
  CHECK(at_once >= limits::logs_per_key_free);
  CHECK(at_once < entries(*town, "05554004"));
  realm.now_ms += 2 * day_ms;
  meeting.wait(std::chrono::hours{4});
  CHECK(entries(realm.kreis(), "05554004") == entries(*town, "05554004"));
}
