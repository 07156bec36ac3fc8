#include "libclient/alarms.h"

#include <algorithm>
#include <set>

#include "libclient/agreement.h"
#include "libclient/checkpoints.h"
#include "libclient/keyring.h"
#include "libclient/older_state.h"
#include "libclient/omission.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/shown.h"
#include "libclient/space_name.h"
#include "libclient/translate.h"
#include "protocol/entry_fields.h"

namespace kiz {
namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::uint64_t told_again_ms = 30ull * 60 * 1000;  // what pauses is offered again every ten minutes
constexpr std::uint64_t notice_days = 30;  // for so long it is told that a store was put back or copied
constexpr std::size_t missing_max = 100;
constexpr std::uint64_t way_days = 3;      // an honest node may take so long to hear of an entry itself
constexpr char known_prefix[] = "known_device/";
constexpr char life_prefix[] = "life_began/";

ReplicaCore& core_of(const Replica& replica) { return const_cast<Replica&>(replica).core(); }

std::string device_ref(const Membership& membership, const AuthorKey& author) {
  const Device* device = membership.device(author);
  return device == nullptr ? "?" : "G-" + std::to_string(device - membership.devices().data() + 1);
}

std::string device_name(const Replica& replica, const AuthorKey& author) {
  const Device* device = replica.membership().device(author);
  if (device == nullptr) return "?";
  return device->name + " (" + device_ref(replica.membership(), author) + ", " + request::member_name(replica, device->member) + ")";
}

/// True if some peer is known to hold all that is held here of this space.
bool was_compared(const ReplicaCore& core, const SpaceSlot& slot) {
  const auto heads = slot.heads();
  for (const Device& device : core.membership().devices()) {
    const PeerMemory::Marks* marks = core.peers().of(device.transport);
    if (marks == nullptr) continue;
    const bool all = std::all_of(heads.begin(), heads.end(), [&](const Head& head) {
      const auto mark = marks->find({slot.store.number(), slot.store.find_log(head.log)});
      return mark != marks->end() && mark->second.entry == head.entry;
    });
    if (all) return true;
  }
  return false;
}

class Collector {
 public:
  explicit Collector(const Replica& replica) : replica_(replica), core_(core_of(replica)) {}

  std::vector<Alarm> collect() {
    control();
    own_state();
    forks();
    devices();
    set_aside();
    put_off();
    missing();
    withheld();
    agreed_states();
    compared_states();
    older_states();
    expiry();
    std::stable_sort(out_.begin(), out_.end(), [](const Alarm& a, const Alarm& b) { return a.grade > b.grade; });
    return std::move(out_);
  }

 private:
  void add(const char* code, Alarm::Grade grade, std::string text, Json proof = nullptr, std::string device = {}) {
    out_.push_back({code, grade, std::move(text), std::move(proof), std::move(device)});
  }

  void control() {
    if (const auto& fork = core_.control_fork()) {
      const Bytes held = encode_control_record(core_.control().records()[fork->seq - 1]);
      add("W_CONTROL_FORKED", Alarm::Grade::alarm,
          tr("The key of the Kreis has signed two different decisions at one place: it was copied or stolen. No further decision is "
             "taken in, data goes on being exchanged. The Kreis ends this with its emergency sheet: kiz init --restore"),
          {{"seq", fork->seq}, {"epoch", fork->epoch}, {"held", to_hex(held)}, {"other", to_hex(encode_control_record(*fork))}});
    }
    if (core_.files().keyring().recovering) {
      add("W_RESTORING", Alarm::Grade::warning,
          core_.control().empty()
              ? tr("The Kreis is being restored: it waits for the first town to call, which brings the list of members.")
              : tr("The Kreis is being restored: the list of members is here. Take over with the emergency sheet: kiz init --restore"));
    } else if (!core_.control_confirmed()) {
      add("W_CONTROL_UNCONFIRMED", Alarm::Grade::warning,
          tr("This Kreis was put back from a backup or copied. It decides nothing before a town has called and shown what was "
             "decided last; data goes on being exchanged."));
    }
    const Device* own = core_.own_device();
    if (own != nullptr && own->revoked) {
      add("W_REVOKED", Alarm::Grade::alarm,
          tr("This device was locked out by the Kreis. What was entered here stays here and was handed in. Ask the Kreis for a new invite."));
    }
  }

  void own_state() {
    if (core_.files().reason() == LogReason::first || core_.own_device() == nullptr) return;
    const auto began = core_.fact(life_prefix + to_hex(core_.files().incarnation()));
    if (!began || began->size() != 8) return;
    std::uint64_t ms = 0;
    for (const std::uint8_t byte : *began) ms = ms << 8 | byte;
    if (core_.now_ms() > ms + notice_days * day_ms) return;
    add("W_RESTORED", Alarm::Grade::notice,
        tr("On {} this store was noticed to be put back from a backup, or copied. It goes on in a new log; what it had lost comes back "
           "from the others. Nothing needs to be done.", {shown_day(ms)}));
  }

  void forks() {
    for (const ForkProof& fork : fork_proofs(replica_)) {
      if (core_.now_ms() > fork.newest_ms + notice_days * day_ms) continue;  // `kiz verify` names it for ever
      const bool full = fork.branches.size() >= limits::log_branches_max;
      const std::string whose = device_name(replica_, fork.author);
      if (fork.author == core_.files().author()) {
        add("W_FORK_OWN", Alarm::Grade::warning,
            tr("This device has written at two places at once: its store was copied or put back. Both are kept and count, nothing is "
               "lost. Make sure that only one copy runs."), fork_json(replica_, fork));
      } else {
        add("W_FORK", Alarm::Grade::warning,
            tr("The device {} has written at two places at once: it was copied or put back. Both are kept and count, nothing is lost.", {whose}),
            fork_json(replica_, fork));
      }
      if (full) {
        add("W_FORK_FULL", Alarm::Grade::alarm,
            tr("The log of {} has {} branches, and no further one is taken in. Lock the device out: kiz device revoke {}",
               {whose, std::to_string(fork.branches.size()), device_ref(replica_.membership(), fork.author)}),
            nullptr, device_ref(replica_.membership(), fork.author));
      }
    }
  }

  void devices() {
    for (const AuthorKey& author : unknown_devices(replica_)) {
      const Device* device = replica_.membership().device(author);
      const std::string ref = device_ref(replica_.membership(), author);
      const std::uint64_t when = core_.control().records()[device->granted_at - 1].time_ms;
      add("W_UNKNOWN_DEVICE", Alarm::Grade::alarm,
          tr("The Kreis has admitted a device \"{}\" ({}) in your name on {}. If nobody at your office knows it, call the Kreis at once. If "
             "it is yours: kiz device confirm {}", {device->name, ref, shown_day(when), ref}), nullptr, ref);
    }
  }

  void set_aside() {
    if (core_.set_aside().empty()) return;
    Json proof = Json::array();
    std::set<std::string> authors;
    for (const Hash& name : core_.set_aside()) {
      const SpaceSlot* slot = core_.slot_of(LogId::from(name));
      if (slot != nullptr) authors.insert(device_name(replica_, slot->store.log(slot->store.find_log(LogId::from(name))).author));
      proof.push_back(to_hex(name));
    }
    std::string whose;
    for (const std::string& author : authors) whose += (whose.empty() ? "" : "; ") + author;
    add("W_SET_ASIDE", Alarm::Grade::warning,
        tr("This program has failed twice on what a device has entered ({}). It was set aside: what that device enters waits, everything "
           "else goes on and nothing is lost. Bring kiz-sync up to date and report it (kiz bugreport); to try again now: kiz quarantine retry",
           {whose.empty() ? tr("unknown") : whose}), std::move(proof));
  }

  void put_off() {
    const IntakeBudget& budget = core_.intake_budget();
    const std::uint64_t now = core_.now_ms();
    const auto mebibytes = [](std::uint64_t bytes) { return std::to_string(bytes >> 20); };
    for (const auto& [author, account] : budget.accounts()) {
      if (account.put_off_ms == 0 || now > account.put_off_ms + day_ms) continue;
      const std::string ref = device_ref(replica_.membership(), author);
      add("W_PUT_OFF", Alarm::Grade::warning,
          tr("The device {} enters more than is taken in of one device at once ({} MiB). The rest is taken in at {} MiB a day, everything "
             "else goes on. Ask there what it is; if nobody knows, the Kreis locks it out: kiz device revoke {}",
             {device_name(replica_, author), mebibytes(budget.burst_bytes()), mebibytes(budget.daily_bytes()), ref}),
          {{"device", ref}, {"bytes", account.bytes}}, ref);
    }
    for (const auto& [peer, at_ms] : core_.put_off_by()) {
      const Device* device = core_.membership().device(peer);
      if (device == nullptr || now > at_ms + told_again_ms) continue;
      add("W_PUT_OFF_THERE", Alarm::Grade::notice,
          tr("This device has entered more than {} takes in of one device at once. The rest goes out bit by bit by itself, nothing is lost.",
             {device_name(replica_, device->author)}));
    }
  }

  void missing() {
    std::map<Space, std::vector<Head>> by_space;
    for (const MissingHead& missing : missing_heads(replica_)) by_space[missing.space].push_back(missing.head);
    for (const auto& [space, heads] : by_space) {
      const SpaceSlot* slot = core_.slot(space);
      if (slot == nullptr || !was_compared(core_, *slot)) continue;
      Json proof = Json::array();
      for (const Head& head : heads) proof.push_back({{"log", to_hex(head.log)}, {"seq", head.seq}, {"entry", to_hex(head.entry)}});
      add("W_MISSING", Alarm::Grade::warning,
          trn("{} entry of {} is missing: somebody has seen it, and nobody who was met holds it. It was lost with a machine, or is being withheld.",
              "{} entries of {} are missing: somebody has seen them, and nobody who was met holds them. They were lost with a machine, or are "
              "being withheld.", heads.size(), {request::member_name(replica_, space.owner)}),
          std::move(proof));
    }
  }

  void withheld() {
    std::map<Space, Json> by_space;
    for (const omission::Missing& missing : omission::missing(core_)) {
      if (missing.missed_ms == 0 || core_.now_ms() < missing.told_ms + way_days * day_ms) continue;  // it may be on its way
      const auto device = [&](const TransportKey& key) {
        const Device* held = core_.membership().device(key);
        return held != nullptr ? Json(device_name(replica_, held->author)) : Json();
      };
      Json& proof = by_space.try_emplace(missing.space, Json::array()).first->second;
      proof.push_back({{"log", to_hex(missing.head.log)}, {"seq", missing.head.seq}, {"entry", to_hex(missing.head.entry)},
                       {"signature", to_hex(missing.signature)}, {"shown_by", device(missing.told_by)}, {"not_given_by", device(missing.missed_by)}});
    }
    for (auto& [space, proof] : by_space) {
      add("W_WITHHELD", Alarm::Grade::alarm,
          tr("Entries of {} are proven to exist, and for {} days nobody who was met has given them, though one was met who says to hold all "
             "that this device holds. They were lost with a machine, or are being withheld: compare with {} by telephone.",
             {request::member_name(replica_, space.owner), std::to_string(way_days), request::member_name(replica_, space.owner)}),
          std::move(proof));
    }
  }

  void compared_states() {
    for (const agreement::Noted& noted : agreement::noted(core_)) {
      const Device* device = core_.membership().device(noted.peer);
      const std::string whose = device != nullptr ? device_name(replica_, device->author) : "?";
      if (noted.verdict == agreement::Verdict::differs) {
        add("W_STATE_DIFFERS", Alarm::Grade::alarm,
            tr("This device and {} hold the same entries of {} and do not compute the same from them. One of the two is damaged or its "
               "program has a fault: kiz doctor --storage on both, then report it (kiz bugreport).", {whose, name_of(noted.space)}),
            {{"space", name_of(noted.space)}});
      } else if (core_.now_ms() < noted.at_ms + notice_days * day_ms) {
        add("W_STATE_MENDED", Alarm::Grade::notice,
            tr("On {} this device was found to show {} otherwise than {}, which holds the same entries. It was derived anew from them and is "
               "right again.", {shown_day(noted.at_ms), name_of(noted.space), whose}));
      }
    }
  }

  void older_states() {
    for (const older_state::Noted& noted : older_state::noted(core_)) {
      const Device* device = core_.membership().device(noted.peer);
      if (device == nullptr || core_.now_ms() > noted.at_ms + notice_days * day_ms) continue;
      add("W_OLDER_STATE", Alarm::Grade::notice,
          tr("On {} {} showed an older state of {} than before. What it lacks is sent to it again. If nobody put that device back from a "
             "backup, its disk may be damaged: kiz doctor --storage there.",
             {shown_day(noted.at_ms), device_name(replica_, device->author), name_of(noted.space)}));
    }
  }

  void agreed_states() {
    for (const checkpoints::Known& known : checkpoints::known(core_)) {
      if (known.standing != checkpoints::Standing::refused) continue;
      add("W_CHECKPOINT", Alarm::Grade::alarm,
          tr("The Kreis and {} have agreed on a state of {} that is not what this device computes from the same entries. Nothing was dropped here.",
             {request::member_name(replica_, known.claim.space.owner), name_of(known.claim.space)}),
          {{"space", name_of(known.claim.space)}, {"control_record", known.seq}, {"state", to_hex(known.claim.state)}});
    }
  }

  void expiry() {
    const auto days = days_of_membership(replica_);
    if (!days || *days > 90 || replica_.identity().is_authority) return;
    if (*days < 0) {
      return add("W_EXPIRED", Alarm::Grade::alarm,
                 tr("The membership of this device has ended, so nothing is exchanged. Local work goes on and nothing is lost. Ask the Kreis to "
                    "renew it."));
    }
    add("W_EXPIRES", *days <= 7 ? Alarm::Grade::alarm : *days <= 30 ? Alarm::Grade::warning : Alarm::Grade::notice,
        trn("The membership of this device ends in {} day; then nothing is exchanged any more. Ask the Kreis to renew it.",
            "The membership of this device ends in {} days; then nothing is exchanged any more. Ask the Kreis to renew it.",
            static_cast<unsigned long>(*days)));
  }

  const Replica& replica_;
  ReplicaCore& core_;
  std::vector<Alarm> out_;
};

const char* word_of(Alarm::Grade grade) {
  return grade == Alarm::Grade::alarm ? "alarm" : grade == Alarm::Grade::warning ? "warning" : "notice";
}

}  // namespace

std::vector<Alarm> alarms(const Replica& replica) { return Collector{replica}.collect(); }

Json alarms_json(const std::vector<Alarm>& alarms) {
  Json out = Json::array();
  for (const Alarm& alarm : alarms) {
    out.push_back({{"code", alarm.code}, {"grade", word_of(alarm.grade)}, {"text", alarm.text}, {"proof", alarm.proof}});
  }
  return out;
}

std::vector<ForkProof> fork_proofs(const Replica& replica) {
  std::vector<ForkProof> out;
  const ReplicaCore& core = core_of(replica);
  for (const SpaceSlot* slot : core.slots()) {
    for (LogRef ref = 1; ref <= slot->store.log_count(); ++ref) {
      const LogInfo& info = slot->store.log(ref);
      if (info.branches.size() < 2) continue;
      ForkProof fork;
      fork.space = slot->store.space();
      fork.log = info.id;
      fork.author = info.author;
      fork.last_shared = seq_never;
      for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
        const Seq tip = info.branches[branch].tip;
        auto query = core.db().query("SELECT hash, signature, hlc FROM entries WHERE space = ? AND log = ? AND branch = ? AND seq = ?");
        query << slot->store.number() << ref << branch << tip;
        if (!query.step() || query.null(1)) continue;
        fork.newest_ms = std::max(fork.newest_ms, query.count(2) >> 16);
        fork.branches.push_back({{info.id, tip, EntryHash::from(query.blob(0))}, Signature::from(query.blob(1))});
        if (info.branches[branch].parent != no_branch) fork.last_shared = std::min(fork.last_shared, info.branches[branch].fork_seq);
      }
      if (fork.branches.size() > 1) out.push_back(std::move(fork));
    }
  }
  return out;
}

Json fork_json(const Replica& replica, const ForkProof& fork) {
  Json branches = Json::array();
  for (const auto& branch : fork.branches) {
    branches.push_back({{"seq", branch.head.seq}, {"entry", to_hex(branch.head.entry)}, {"signature", to_hex(branch.signature)}});
  }
  return {{"space", name_of(fork.space)},
          {"log", to_hex(fork.log)},
          {"author", to_hex(fork.author)},
          {"device", device_ref(replica.membership(), fork.author)},
          {"last_shared", fork.last_shared},
          {"branches", std::move(branches)}};
}

std::vector<MissingHead> missing_heads(const Replica& replica) {
  std::vector<MissingHead> out;
  const ReplicaCore& core = core_of(replica);
  for (const SpaceSlot* slot : core.slots()) {
    auto query = core.db().query(
        "SELECT f.hash, f.log, f.seq FROM foretold f WHERE f.space = ? AND f.is_head = 1 "
        "AND NOT EXISTS(SELECT 1 FROM entries e WHERE e.hash = f.hash) LIMIT 100");
    query << slot->store.number();
    while (query.step() && out.size() < missing_max) {
      const Head head{slot->store.log(static_cast<LogRef>(query.number(1))).id, query.count(2), EntryHash::from(query.blob(0))};
      // What a cut ended is missed by nobody.
      const auto cut = slot->merge.history().newest_cut(static_cast<LogRef>(query.number(1)), core.control().last_seq());
      if (!cut || head.seq <= cut->seq) out.push_back({slot->store.space(), head});
    }
  }
  return out;
}

std::vector<AuthorKey> unknown_devices(const Replica& replica) {
  std::vector<AuthorKey> out;
  const ReplicaCore& core = core_of(replica);
  const Device* own = core.own_device();
  if (own == nullptr || replica.identity().is_authority) return out;
  for (const Device& device : core.membership().devices()) {
    if (device.member != own->member || device.granted_at <= own->granted_at || device.revoked) continue;
    if (!core.fact(known_prefix + to_hex(device.author))) out.push_back(device.author);
  }
  return out;
}

Result<void> confirm_device(Replica& replica, const AuthorKey& author) {
  ReplicaCore& core = replica.core();
  const Device* device = core.membership().device(author);
  if (device == nullptr) return Error{Errc::not_found, "device"};
  const std::string name = known_prefix + to_hex(author);
  return core.write([&]() -> Result<void> {
    core.put_fact(name, author);
    return {};
  });
}

std::optional<std::int64_t> days_of_membership(const Replica& replica) {
  const ReplicaCore& core = core_of(replica);
  const Device* own = core.own_device();
  if (own == nullptr || own->revoked || own->admitted_until_ms == 0) return std::nullopt;
  const auto left = static_cast<std::int64_t>(own->admitted_until_ms) - static_cast<std::int64_t>(core.now_ms());
  return left < 0 ? -1 : left / static_cast<std::int64_t>(day_ms);
}

}  // namespace kiz
