#include "libclient/doctor.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>

#include "libclient/alarms.h"
#include "libclient/atomic_file.h"
#include "libclient/backup.h"
#include "libclient/backup_file.h"
#include "libclient/keyring.h"
#include "libclient/replica_core.h"
#include "libclient/schema.h"
#include "libclient/shown.h"
#include "libclient/space_name.h"
#include "libclient/store_check.h"
#include "libclient/store_repair.h"
#include "libclient/translate.h"
#include "protocol/membership.h"

namespace kiz::doctor {
namespace {

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t soon_days = 30;
constexpr std::uint64_t told_days = 30;
constexpr std::uint64_t quick_entries_max = 50'000;  // checked in about a second
constexpr std::uint64_t room_least_bytes = 64u << 20;
constexpr std::uint64_t room_easy_bytes = 256u << 20;
constexpr std::uint64_t made_ms = 1'767'225'600'000;  // 2026-01-01: this program is younger than that
constexpr std::uint64_t behind_max_ms = 5 * 60'000;   // what clocks of two machines may differ by

std::string number(std::uint64_t n) { return shown_number(static_cast<std::int64_t>(n)); }

/// Where a store goes that another one takes the place of: it is kept, until a person is sure.
std::string set_aside_at(const std::string& store) { return store + ".old"; }

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : std::to_string(::geteuid());
}

std::string text_in(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

void check_service(Report& report, const Replica&, const Json& running, bool offline) {
  if (running.is_null()) {
    report.add(kind("no_daemon"), tr("No daemon runs on this store: it exchanges only when somebody says so."));
  } else {
    report.add(kind("daemon_runs"), tr("kizd {} runs.", {text_in(running, "version")}));
  }
  if (offline) report.add(kind("offline_by_hand"), tr("Switched offline by hand: nothing is exchanged."));
}

void look_at_store(Report& report, Replica& replica) {
  const StoreFigures figures = replica.figures();
  report.add(kind("store_opens"), trn("{} entry in {}.", "{} entries in {}.", figures.entries, {shown_bytes(figures.bytes)}));
  if (figures.quarantined > 0) {
    report.add(kind("quarantine"), tr("Entries in quarantine, signed by a device after it was locked out: {}.", {number(figures.quarantined)}));
  }
  if (figures.waiting > 0) {
    report.add(kind("waiting"), tr("Entries that wait for others they build on: {}.", {number(figures.waiting)}));
  }
  const auto conflicts = replica.conflict_count();
  if (conflicts > 0) report.add(kind("conflicts"), tr("Conflicts that wait for a person: {}.", {number(conflicts)}));
}

// Two signed entries with one number in one log: proof against a device, or of a store that was copied.
Json proof_of(const ReplicaCore& core, const SpaceSlot& slot, const LogInfo& info) {
  const Device* device = core.membership().device(info.author);
  Json branches = Json::array();
  Seq seq = 0;
  for (BranchNo number = 0; number < info.branches.size(); ++number) {
    const Branch& branch = info.branches[number];
    if (branch.fork_seq > 0) seq = seq == 0 ? branch.fork_seq : std::min(seq, branch.fork_seq);
    auto query = core.db().query(
        "SELECT seq, hash, signature FROM entries WHERE space = ? AND log = ? AND branch = ? AND signature IS NOT NULL ORDER BY seq DESC LIMIT 1");
    query << slot.store.number() << info.ref << number;
    if (query.step()) branches.push_back({{"seq", query.count(0)}, {"entry", to_hex(query.blob(1))}, {"signature", to_hex(query.blob(2))}});
  }
  return {{"log", to_hex(info.id)},
          {"member", device != nullptr ? Json(device->member) : Json()},
          {"device", device != nullptr ? Json(device->name) : Json()},
          {"seq", seq + 1},
          {"branches", std::move(branches)}};
}

void check_forks(Report& report, const ReplicaCore& core) {
  for (const SpaceSlot* slot : core.slots()) {
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      const LogInfo& info = slot->store.log(ref);
      if (info.branches.size() < 2 || !slot->merge.history().shows_fork(ref)) continue;
      report.forks.push_back(proof_of(core, *slot, info));
    }
  }
  if (report.forks.empty()) return;
  report.add(kind("fork"), tr("Logs with two branches: {}. A device wrote with an old copy of its store. Both branches are kept; the proof is shown below.",
                              {number(report.forks.size())}));
}

/// False: some of them have to come from others first.
bool check_entries(Report& report, Replica& replica) {
  ReplicaCore& core = replica.core();
  const std::uint64_t now = replica.now_ms();
  for (const store_repair::Mended& mended : store_repair::mended(core)) {
    if (now > mended.at_ms + told_days * day_ms) continue;
    report.add(kind("entries_fetched"), trn("{} entry of {} that was damaged here came back from another device on {}.",
                                            "{} entries of {} that were damaged here came back from another device on {}.", mended.entries,
                                            {name_of(mended.space), shown_day(mended.at_ms)}));
  }
  const auto damages = store_repair::look(core);
  if (!damages) {
    report.add(kind("pages_unreadable"), tr("Pages of the store cannot be read. Move it aside, start kizd again, read the last backup: kiz backup read FILE"),
               {core.options().directory.string(), set_aside_at(core.options().directory.string())});
    return false;
  }
  for (const store_repair::Damage& damage : *damages) {
    const Device* device = replica.membership().device(damage.author);
    report.damaged_entries += damage.entries;
    report.add(kind("entries_damaged"),
               trn("{} entry of {}, written by {}, is damaged or missing. Whoever holds it is asked for it at the next exchange.",
                   "{} entries of {}, written by {}, are damaged or missing. Whoever holds them is asked for them at the next exchange.",
                   damage.entries, {name_of(damage.space), device != nullptr ? device->name : "?"}));
  }
  return damages->empty();
}

/// True: what was wrong followed from whole entries, and is right now.
bool derive_anew(Report& report, Replica& replica) {
  const auto checked = kiz::check_store(replica.core());
  if (!checked || !checked->findings.empty() || checked->mended.empty()) return false;
  for (const Space& space : checked->mended) {
    report.add(kind("derived_anew"), tr("{} was not what its entries say, and was derived anew from them.", {name_of(space)}));
  }
  return true;
}

void check_integrity(Report& report, Replica& replica, bool thorough) {
  check_forks(report, replica.core());
  const std::uint64_t entries = replica.figures().entries;
  if (!thorough && entries > quick_entries_max) {
    report.add(kind("history_unchecked"), tr("Not every signature was checked: {} entries take a while.", {number(entries)}));
    return;
  }
  const bool whole = !thorough || check_entries(report, replica);
  if (!whole) return;
  const Verification found = replica.verify(thorough);
  if (!found.ok && thorough && derive_anew(report, replica)) return;
  if (found.ok) {
    report.add(kind("history_sound"), tr("Entries: {}, signatures: {}; they and all pages hold.", {number(found.entries), number(found.signatures)}));
    return;
  }
  const std::string at = replica.core().options().directory.string();
  for (std::size_t i = 0; i < found.findings.size() && i < 3; ++i) {
    report.add(kind("damaged"), tr("Damaged: {}.", {found.findings[i]}), {at, set_aside_at(at)});
  }
}

std::uint64_t newest_ms(const ReplicaCore& core) {
  std::uint64_t newest = 0;
  for (const SpaceSlot* slot : core.slots()) {
    for (const Head& head : slot->heads()) {
      if (const EntryRef ref = slot->store.find(head.entry)) newest = std::max(newest, slot->store.meta(ref).hlc.value >> 16);
    }
  }
  return newest;
}

// Alarms that no check above has found by itself: the others are forks, a membership that ends, a device locked out.
void tell_alarms(Report& report, Replica& replica) {
  for (const Alarm& alarm : alarms(replica)) {
    if (alarm.code == "W_SET_ASIDE") report.add(kind("set_aside"), alarm.text);
    if (alarm.code == "W_PUT_OFF") report.add(kind("put_off"), alarm.text, {alarm.device});
    if (alarm.code == "W_MISSING") report.add(kind("entries_missing"), alarm.text);
    if (alarm.code == "W_WITHHELD") report.add(kind("entries_withheld"), alarm.text);
    if (alarm.code == "W_CHECKPOINT") report.add(kind("checkpoint_differs"), alarm.text);
    if (alarm.code == "W_STATE_DIFFERS") report.add(kind("state_differs"), alarm.text);
    if (alarm.code == "W_OLDER_STATE") report.add(kind("peer_older"), alarm.text);
    if (alarm.code == "W_STATE_MENDED") report.add(kind("state_mended"), alarm.text);
    if (alarm.code == "W_CONTROL_FORKED") report.add(replica.identity().is_authority ? kind("control_forked") : kind("kreis_forked"), alarm.text);
    if (alarm.code == "W_CONTROL_UNCONFIRMED") report.add(kind("control_unconfirmed"), alarm.text);
    if (alarm.code == "W_RESTORING") report.add(replica.core().control().empty() ? kind("restore_waits") : kind("being_restored"), alarm.text);
    if (alarm.code == "W_FORK_FULL") report.add(kind("fork_full"), alarm.text, {alarm.device});
    if (alarm.code == "W_UNKNOWN_DEVICE") report.add(kind("unknown_device"), alarm.text, {alarm.device});
  }
}

void check_clock(Report& report, const Replica& replica, const ReplicaCore& core) {
  const std::uint64_t now = replica.now_ms(), newest = newest_ms(core);
  if (now < made_ms) {
    report.add(kind("clock_impossible"), tr("The clock says {}, which cannot be.", {shown_day(now)}));
  } else if (newest > now + day_ms) {
    report.add(kind("clock_days_behind"), tr("The clock says {}, but there are entries of {}: it, or that of another device, is wrong.", {shown_day(now), shown_day(newest)}));
  } else if (newest > now + behind_max_ms) {
    report.add(kind("clock_behind"), tr("The clock is {} minutes behind the newest entry.", {number((newest - now) / 60'000)}));
  } else {
    report.add(kind("clock_fits"), tr("The clock fits what was entered: {}.", {shown_instant(now)}));
  }
  timex kernel{};
  if (::adjtimex(&kernel) >= 0 && (kernel.status & STA_UNSYNC) != 0) {
    report.add(kind("clock_unkept"), tr("No time service keeps the clock."));
  }
}

void check_network(Report& report, const Replica& replica, const Json& running, bool offline) {
  if (running.is_null() || offline) return;
  const Identity self = replica.identity();
  const auto peers = running.find("peers");
  std::size_t known = 0, reached = 0, owed = 0;
  std::string last;
  if (peers != running.end()) {
    for (const Json& peer : *peers) {
      ++known;
      reached += peer.value("reachable", false) ? 1u : 0u;
      owed += peer.value("pending", std::uint64_t{0}) > 0 ? 1u : 0u;
      last = std::max(last, text_in(peer, "last_contact"));
    }
  }
  const std::string failure = text_in(running, "last_failure");
  if (self.is_authority) {
    const auto listen = running.find("listen");
    if (listen == running.end() || listen->empty()) {
      report.add(kind("nobody_can_call"), tr("The towns cannot call: this node listens nowhere."));
    } else {
      report.add(kind("peers_reached"), tr("{} of {} devices are on the line.", {number(reached), number(known)}));
    }
    return;
  }
  if (reached > 0) {
    report.add(kind("peers_reached"), tr("The Kreis is on the line."));
  } else {
    const std::string why = failure.empty() ? "" : " (" + failure + ")";
    report.add(kind("kreis_missed"), last.empty() ? tr("The Kreis was not reached since the daemon started{}.", {why})
                                                  : tr("The Kreis was last reached at {}{}.", {shown_time(last), why}));
  }
}

void check_membership(Report& report, Replica& replica) {
  const Identity self = replica.identity();
  const std::uint64_t now = replica.now_ms();
  if (!self.joined) {
    report.add(kind("not_joined"), tr("This device has not joined yet."));
    return;
  }
  const auto days_left = [&](const Device& device) { return (device.admitted_until_ms - now) / day_ms; };
  if (const Device* own = replica.membership().device(self.author)) {
    const std::string ref = "G-" + std::to_string(own - replica.membership().devices().data() + 1);
    const std::string at = replica.core().options().directory.string();
    if (own->revoked) {
      report.add(kind("locked_out"), tr("The Kreis has locked this device out. To work here again: move its store aside, start kizd again, join with a new invite."),
                 {at, set_aside_at(at)});
    } else if (own->admitted_until_ms > 0 && own->admitted_until_ms <= now) {
      report.add(kind("membership_ended"), tr("The membership of this device ended on {}; the Kreis renews it on its own machine.", {shown_day(own->admitted_until_ms)}), {ref});
    } else if (own->admitted_until_ms > 0 && days_left(*own) < soon_days) {
      report.add(kind("membership_ends"), tr("The membership of this device ends on {}; the Kreis renews it on its own machine.", {shown_day(own->admitted_until_ms)}), {ref});
    } else {
      report.add(kind("member"), tr("{}, device {}.", {self.member_name, self.device}));
    }
  }
  if (!self.is_authority) return;
  std::size_t ending = 0;
  for (const Device& device : replica.membership().devices()) {
    const bool counts = !device.revoked && device.author != self.author && device.admitted_until_ms > 0;
    if (counts && (device.admitted_until_ms <= now || days_left(device) < soon_days)) ++ending;
  }
  if (ending > 0) report.add(kind("others_end"), tr("Devices whose membership ends within {} days: {}.", {number(soon_days), number(ending)}));
}

void check_backup(Report& report, const Replica& replica, const ReplicaCore& core, const Json& running) {
  const std::uint64_t age_max = running.is_object() ? running.value("backup_age_max_days", std::uint64_t{8}) : 8;
  const auto last = backup::last(core);
  if (!last) {
    report.add(kind("no_backup"), tr("No backup was written yet."));
    return;
  }
  const std::uint64_t now = replica.now_ms(), age = now > last->at_ms ? (now - last->at_ms) / day_ms : 0;
  if (age > age_max) {
    report.add(kind("backup_old"), trn("The last backup is {} day old.", "The last backup is {} days old.", age));
  } else {
    report.add(kind("backup_fresh"), tr("Last backup {}: {}.", {shown_day(last->at_ms), last->file}));
  }
}

void check_disk(Report& report, const Replica& replica, const ReplicaCore& core) {
  const auto room = backup::room_at(core.options().directory);
  if (!room) return;
  const std::uint64_t used = replica.figures().bytes;
  if (*room < room_least_bytes) {
    report.add(kind("disk_full"), tr("Only {} are free where the store lies.", {shown_bytes(*room)}), {core.options().directory.string()});
  } else if (*room < room_easy_bytes || *room < used * 2) {
    report.add(kind("disk_narrow"), tr("{} are free where the store lies; it takes {}.", {shown_bytes(*room), shown_bytes(used)}), {core.options().directory.string()});
  } else {
    report.add(kind("disk_easy"), tr("{} are free where the store lies.", {shown_bytes(*room)}));
  }
}

void check_version(Report& report) {
  report.add(kind("store_version"), tr("The store has version {}, which this program writes.", {number(static_cast<std::uint64_t>(schema_version))}));
}

void check_permissions(Report& report, const ReplicaCore& core) {
  const auto& folder = core.options().directory;
  const std::size_t before = report.findings.size();
  struct stat there {};
  if (::stat(folder.c_str(), &there) == 0) {
    if ((there.st_mode & 0077) != 0) report.add(kind("folder_open"), tr("Others may look into {}.", {folder.string()}), {folder.string()});
    if (there.st_uid != ::geteuid()) {
      report.add(kind("folder_foreign"), tr("{} belongs to somebody else than who runs this.", {folder.string()}), {user_name(), folder.string()});
    }
  }
  for (const char* name : {"key", "keyring", "incarnation", "store.db"}) {
    const std::string path = (folder / name).string();
    if (::stat(path.c_str(), &there) == 0 && (there.st_mode & 0077) != 0) report.add(kind("file_open"), tr("Others may read {}.", {path}), {path});
  }
  if (report.findings.size() == before) report.add(kind("private"), tr("Only the owner can read the store."));
}

}  // namespace

Report examine(Replica& replica, const Json& running, const Scope& scope) {
  Report report;
  ReplicaCore& core = replica.core();
  const bool offline = core.files().keyring().offline;
  if (scope.rest) check_service(report, replica, running, offline);
  if (scope.store) {
    look_at_store(report, replica);
    check_integrity(report, replica, scope.thorough);
    tell_alarms(report, replica);
  }
  if (scope.clock) check_clock(report, replica, core);
  if (scope.network) check_network(report, replica, running, offline);
  if (scope.rest) {
    check_membership(report, replica);
    check_backup(report, replica, core, running);
  }
  if (scope.store) check_disk(report, replica, core);
  if (scope.rest) check_version(report);
  if (scope.store) check_permissions(report, core);
  return report;
}

Report examine_closed(const Refusal& refusal, const std::string& at) {
  Report report;
  switch (refusal.code) {
    case Errc::not_set_up: report.add(kind("not_set_up"), refusal.text); break;
    case Errc::store_in_use: report.add(kind("store_in_use"), refusal.text); break;
    case Errc::wrong_key: report.add(kind("store_locked"), refusal.text); break;
    case Errc::not_permitted: report.add(kind("store_foreign"), refusal.text, {at}); break;
    case Errc::no_space: report.add(kind("disk_full"), refusal.text, {at}); break;
    case Errc::io_error: report.add(kind("store_unreadable"), refusal.text, {at}); break;
    case Errc::damaged: report.add(kind("damaged"), refusal.text, {at, set_aside_at(at)}); break;
    case Errc::store_too_new: report.add(kind("store_newer"), refusal.text); break;
    case Errc::bad_clock: report.add(kind("clock_impossible"), refusal.text); break;
    default: report.add(kind("store_closed"), refusal.text); break;
  }
  return report;
}

int exit_of(const Report& report) {
  int out = 0;
  for (const Finding& finding : report.findings) {
    if (finding.kind->state == State::bad) return finding.kind->exit;
    if (finding.kind->state == State::warning) out = 3;
  }
  return out;
}

void add_to(Json& data, const Finding& finding) {
  constexpr const char* counts[] = {"good", "notes", "warnings", "bad"};
  data["findings"].push_back({{"name", finding.kind->name},
                              {"check", finding.kind->check},
                              {"state", name_of(finding.kind->state)},
                              {"text", finding.text},
                              {"mend", finding.mend.empty() ? Json() : Json(finding.mend)}});
  Json& count = data[counts[static_cast<std::size_t>(finding.kind->state)]];
  count = count.get<std::size_t>() + 1;
}

Json to_json(const Report& report) {
  Json out{{"findings", Json::array()}, {"forks", report.forks}, {"damaged_entries", report.damaged_entries}, {"good", 0u}, {"notes", 0u}, {"warnings", 0u}, {"bad", 0u}};
  for (const Finding& finding : report.findings) add_to(out, finding);
  return out;
}

}  // namespace kiz::doctor
