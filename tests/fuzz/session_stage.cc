#include "tests/fuzz/session_stage.h"

#include <sodium.h>

#include "libclient/agreement.h"
#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/peer_talk.h"
#include "protocol/bundle.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"
#include "protocol/sync_digest.h"
#include "tests/support/memory_vfs.h"
#include "tests/support/temp_dir.h"

namespace kiz::fuzz {
namespace {

constexpr std::uint64_t start_ms = 1'794'000'000'000;
constexpr SteadyTime start{1000};
constexpr unsigned local_edits_max = 3;

test::SeededRandom process_random{7};

// Nothing may depend on chance, or an input that was kept could not be run again.
void draw_the_same() {
  static randombytes_implementation source{[] { return "seeded"; }, [] { return static_cast<std::uint32_t>(process_random.next()); },
                                           nullptr, nullptr,
                                           [](void* out, std::size_t size) { process_random.fill({static_cast<std::uint8_t*>(out), size}); },
                                           nullptr};
  randombytes_set_implementation(&source);
  test::make_sqlite_deterministic(7);
}

}  // namespace

struct SessionStage::Machine {
  Machine(const std::string& machine, std::uint64_t own_seed) : name(machine), seed(own_seed), disk("session-" + machine, own_seed) {
    options.directory = folder.path() / name;
    options.base_vfs = disk.vfs_name();
    options.rename = disk.page_vfs_options().rename;
    options.cache_kib = 256;
    options.clock_ms = [] { return start_ms; };
    options.random = [this](std::span<std::uint8_t> out) { random.fill(out); };
  }

  ReplicaCore& core() { return replica->core(); }

  void keep() {
    files = disk.snapshot();
    generation = core().generation();
  }
  void put_back() {
    replica.reset();
    disk.restore(files);
    random = test::SeededRandom{seed + 100};
    auto opened = Replica::open(options);
    KIZ_ASSERT(opened);
    replica = std::move(*opened);
    generation = core().generation();
  }

  std::string name;
  std::uint64_t seed;
  test::TempDir folder;
  test::MemoryDisk disk;
  test::SeededRandom random{seed};
  ReplicaOptions options;
  std::unique_ptr<Replica> replica;
  std::map<std::string, Bytes> files;
  std::uint64_t generation = 0;
};

// The other side: a real link under a real device's keys.
class SessionStage::Talk {
 public:
  Talk(Side side, Machine& tested, Machine& other) : core_(tested.core()), link_(link_of(side, tested, other)) {
    auto called = side == Side::initiator ? PeerTalk::call(core_, start) : Result<std::unique_ptr<PeerTalk>>{PeerTalk::answer(core_, start)};
    KIZ_ASSERT(called);
    talk_ = std::move(*called);
    member_ = core_.membership().device(other.core().files().transport())->member;
    for (int round = 0; round < 4 && !talk_->established(); ++round) {
      carry();
      if (link_.state() == LinkState::needs_psk) {
        std::vector<SecretKey32> candidates;
        candidates.push_back(psk_of(other, tested));
        KIZ_ASSERT(link_.offer_psks(candidates));
      }
    }
    KIZ_ASSERT(talk_->established());
    carry();
  }

  bool over() const { return talk_->finished() || link_.state() != LinkState::established; }

  void say(const Message& message) {
    if (!link_.send(static_cast<std::uint32_t>(message.kind), message.body)) return;
    carry();
  }
  void pass(std::chrono::seconds time) {
    talk_->on_time(now_ += time);
    carry();
  }
  void edited() {
    talk_->on_commit(core_.take_advances());
    carry();
  }
  /// What the replica has said since the last call.
  std::vector<Message> heard() { return std::exchange(heard_, {}); }

 private:
  static SecretKey32 psk_of(Machine& own, Machine& peer) {
    return own.core().files().keyring().pair(peer.core().files().transport())->psk.clone();
  }
  static SecureLink link_of(Side side, Machine& tested, Machine& other) {
    LinkKeys keys{other.core().files().keyring().transport.clone(), SecretKey32{Bytes(32, 3)}};
    const RealmHint realm = realm_hint(tested.core().realm());
    if (side == Side::initiator) return SecureLink::respond({1, 1}, realm, std::move(keys));
    auto link = SecureLink::initiate({{1, 1}, realm, {}, {}}, std::move(keys), tested.core().files().transport(), psk_of(other, tested));
    KIZ_ASSERT(link);
    return std::move(*link);
  }

  void carry() {
    for (int round = 0; round < 1000; ++round) {
      const Bytes out = talk_->take_output(now_), back = link_.take_output();
      if (out.empty() && back.empty()) return;
      if (!out.empty()) KIZ_ASSERT(link_.feed(out));
      if (!back.empty()) talk_->feed(back, now_);
      hear();
    }
  }
  void hear() {
    while (link_.state() == LinkState::established) {
      auto received = link_.next();
      KIZ_ASSERT(received);
      if (!*received) return;
      heard_.push_back({static_cast<MessageKind>((*received)->kind), std::move((*received)->body)});
      expect_own_message(heard_.back());
      expect_own_right(heard_.back());
    }
  }

  /// Nothing goes out of what the other side may not read.
  void expect_own_right(const Message& message) const {
    const auto may_read = [&](const Space& space) { return core_.membership().may_read(member_, space); };
    if (message.kind == MessageKind::run) {
      const auto run = wire::decode<Run>(message.body);
      KIZ_ASSERT(run && core_.slot_of(run->log) != nullptr && may_read(core_.slot_of(run->log)->store.space()));
    } else if (message.kind == MessageKind::digests) {
      const auto digests = decode_message<Digests>(message.body);
      for (const auto& item : digests->spaces) KIZ_ASSERT(may_read(item.space.in(core_.realm())));
    } else if (message.kind == MessageKind::frontier) {
      KIZ_ASSERT(may_read(decode_message<FrontierPart>(message.body)->space.in(core_.realm())));
    } else if (message.kind == MessageKind::samples) {
      KIZ_ASSERT(may_read(decode_message<Samples>(message.body)->space.in(core_.realm())));
    }
  }

  ReplicaCore& core_;
  SecureLink link_;
  std::unique_ptr<PeerTalk> talk_;
  MemberId member_;
  SteadyTime now_ = start;
  std::vector<Message> heard_;
};

SessionStage::SessionStage(Side side) : side_(side) {
  draw_the_same();
  kreis_ = std::make_unique<Machine>("kreis", 1);
  auto founded = found_realm(kreis_->options, {"Kreis Borken", "05554", {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, {"127.0.0.1:7411"}, {}, "Knoten"});
  KIZ_ASSERT(founded);
  kreis_->replica = std::move(founded->replica);
  const auto join = [&](const char* name, std::uint64_t seed, const MemberId& member) {
    auto town = std::make_unique<Machine>(name, seed);
    const auto invite = issue_invite(*kreis_->replica, member);
    auto prepared = prepare_join(town->options, invite->invite, invite->check, name);
    KIZ_ASSERT(prepared);
    town->replica = std::move(*prepared);
    exchange(*town);
    return town;
  };
  ahaus_ = join("ahaus", 2, "05554004");
  bocholt_ = join("bocholt", 3, "05554008");
  for (Machine* town : {ahaus_.get(), bocholt_.get()}) {
    write_offer(*town, "first");
    write_offer(*town, "second");
    Edit counts = town->replica->begin();
    counts.set(town->replica->space(town->replica->identity().member, Collection::counts), {registry::kinds::count, {}}, 2, Value{std::int64_t{7}});
    KIZ_ASSERT(town->replica->commit(counts, {}));
    exchange(*town);
  }
  exchange(*ahaus_);
  // News on both sides.
  write_offer(*ahaus_, "third");
  write_offer(*bocholt_, "third");
  exchange(*bocholt_);
  tested_ = side == Side::responder ? kreis_.get() : ahaus_.get();
  other_ = side == Side::responder ? ahaus_.get() : kreis_.get();
  for (Machine* machine : {kreis_.get(), ahaus_.get()}) {
    KIZ_ASSERT(machine->core().save_peer_memory());
    machine->keep();
    machine->put_back();
  }
}

SessionStage::~SessionStage() = default;

void SessionStage::write_offer(Machine& machine, const char* title) {
  Edit edit = machine.replica->begin();
  edit.set(machine.replica->space(machine.replica->identity().member, Collection::offers), {registry::kinds::offer, {}},
           registry::fields::offer::title, Value{std::string{title}});
  KIZ_ASSERT(machine.replica->commit(edit, {}));
}

void SessionStage::exchange(Machine& town) {
  auto caller = PeerTalk::call(town.core(), start);
  KIZ_ASSERT(caller);
  auto answerer = PeerTalk::answer(kreis_->core(), start);
  for (int round = 0; round < 1000; ++round) {
    const Bytes out = (*caller)->take_output(start), back = answerer->take_output(start);
    if (out.empty() && back.empty()) break;
    if (!out.empty()) answerer->feed(out, start);
    if (!back.empty()) (*caller)->feed(back, start);
  }
  KIZ_ASSERT((*caller)->in_sync() && answerer->in_sync());
}

void SessionStage::play(Script script) {
  unsigned edits = 0;
  {
    Talk talk{side_, *tested_, *other_};
    while (auto step = script.next()) {
      if (talk.over()) break;
      if (step->is_message()) talk.say(step->message());
      if (step->is_time()) talk.pass(step->time());
      if (step->is_local() && edits < local_edits_max) {
        ++edits;
        write_offer(*tested_, "here");
        talk.edited();
      }
      (void)talk.heard();
    }
  }
  put_back();
}

void SessionStage::put_back() {
  if (tested_->core().generation() == tested_->generation) return;
  KIZ_ASSERT(tested_->replica->verify(false).ok);  // whatever was taken hangs together
  tested_->put_back();
}

// The other side's session is a real one here, of which every message is written down.
Bytes SessionStage::record() {
  Bytes out;
  {
    Talk talk{side_, *tested_, *other_};
    PeerSource source{other_->core(), tested_->core().files().transport()};
    SyncSession session{source, side_ == Side::initiator ? Side::responder : Side::initiator, {}, start};
    for (int round = 0; round < 100; ++round) {
      for (Message& message : talk.heard()) {
        if (message.kind < MessageKind::join_request || message.kind == MessageKind::receipt) KIZ_ASSERT(session.receive(std::move(message), start));
      }
      if (const auto records = session.take_control(); !records.empty()) {
        KIZ_ASSERT(other_->core().ingest_control(records));
        session.on_control_changed();
      }
      while (auto run = session.next_run()) {
        const auto reports = other_->core().ingest({&*run, 1});
        session.report(run->number, reports->front());
      }
      while (auto event = session.next_event()) take_event(other_->core(), tested_->core().files().transport(), *event);
      while (auto message = session.next_outgoing(start)) {
        write_message(*message, out);
        talk.say(*message);
      }
    }
    KIZ_ASSERT(session.in_sync());
  }
  tested_->put_back();
  other_->put_back();
  return out;
}

std::vector<Bytes> SessionStage::conversations() {
  std::vector<Bytes> out{record()};
  Bytes with_edits = out.front();
  write_local(with_edits);
  write_time(35, with_edits);
  write_local(with_edits);
  out.push_back(std::move(with_edits));
  // What comes beside the session.
  Bytes beside = out.front();
  const SpaceName offers{"05554004", Collection::offers, ""};
  write_message(encode_message(ValuesWanted{offers, {{{}, 0}}}), beside);
  write_message(encode_message(RealmSecretWanted{}), beside);
  write_message(encode_message(OwnHeadsWanted{}), beside);
  write_message(encode_message(Receipt{offers, start_ms, {}, {}, {}}), beside);
  write_message(encode_message(CheckpointWanted{{offers.in(tested_->core().realm()), 1, {}, {}}}), beside);
  write_message(encode_message(FrontierPart{offers, false, true, false, {}}), beside);
  write_message(encode_message(Samples{offers, {}, true, {{1, {}}}}), beside);
  const SpaceSlot* slot = tested_->core().slot(offers.in(tested_->core().realm()));
  const States states{tested_->core().control().position(), bundle_state_schema, agreement::counters_known(), {{offers, shortened(slot->digest()), Hash{}}}};
  write_message(encode_message(states), beside);
  write_message(encode_message(ProvenHeads{{{offers, {slot->heads().front(), {}}}}}), beside);
  write_message(encode_message(Close{}), beside);
  out.push_back(std::move(beside));
  return out;
}

}  // namespace kiz::fuzz
