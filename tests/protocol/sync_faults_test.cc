// Broken pipes, wrong memories, forks, refusals, silence and hostile peers: the sync session's bad days.
#include <doctest/doctest.h>

#include <random>

#include "protocol/limits.h"
#include "protocol/sync_session.h"
#include "tests/support/sync_link.h"

using namespace kiz;
using namespace kiz::test;

namespace {
TestRealm realm_with_devices() {
  TestRealm realm;
  realm.grant(borken, 1);
  realm.grant(ahaus, 2);
  realm.grant(bocholt, 3);
  realm.grant(gronau, 4);
  return realm;
}

struct Pair {
  TestRealm realm = realm_with_devices();
  Node kreis{realm, borken, 1};
  Node town{realm, ahaus, 2};
  Space offers = town.replica.space(Collection::offers);
  Space counts = town.replica.space(Collection::counts);

  void sync() {
    Link link{town, kreis};
    link.run();
    REQUIRE_FALSE(link.broken);
    REQUIRE(link.in_sync());
  }
};

/// The same device again, as it is now: what a restored backup or a cloned machine becomes.
Node clone_of(const TestRealm& realm, const Node& node, std::uint8_t number) {
  Node out{realm, node.replica.member(), number};
  out.replica = node.replica.copy();
  return out;
}

void check_equal(const Node& a, const Node& b, const Space& space) {
  CHECK(a.replica.heads(space) == b.replica.heads(space));
  CHECK(a.replica.texts(space) == b.replica.texts(space));
}

void write_some(Pair& p, int first, int last) {
  for (int i = first; i < last; ++i) {
    p.town.write(Collection::offers, "offer " + std::to_string(i));
    p.town.write(Collection::counts, "count " + std::to_string(i));
    p.kreis.write(Collection::needs, "need " + std::to_string(i));
  }
}
}  // namespace

TEST_CASE("sync faults: a pipe cut at any message resumes after the last committed run") {
  for (std::size_t cut = 0; cut < 60; ++cut) {
    CAPTURE(cut);
    Pair p;
    write_some(p, 0, 3);
    p.sync();
    write_some(p, 3, 6);
    std::size_t before = 0;
    {
      Link link{p.town, p.kreis};
      if (link.run(cut) < cut) return;  // it was over before the cut
      before = p.kreis.replica.entry_count() + p.town.replica.entry_count();
    }
    Link link{p.town, p.kreis};
    link.run();
    CHECK_FALSE(link.broken);
    CHECK(link.in_sync());
    check_equal(p.town, p.kreis, p.offers);
    check_equal(p.town, p.kreis, p.kreis.replica.space(Collection::needs));
    CHECK(p.kreis.replica.entry_count() + p.town.replica.entry_count() >= before);
  }
  FAIL("never over");
}

TEST_CASE("sync faults: a pipe cut again and again gets there all the same") {
  for (std::size_t each = 3; each < 8; ++each) {
    CAPTURE(each);
    Pair p;
    write_some(p, 0, 10);
    for (int i = 0; i < 40; ++i) {
      Link link{p.town, p.kreis};
      link.run(each);
    }
    Link link{p.town, p.kreis};
    link.run();
    CHECK(link.in_sync());
    check_equal(p.town, p.kreis, p.counts);
  }
}

TEST_CASE("sync faults: the window is filled without waiting, and never exceeded") {
  Pair p;
  p.town.replica.write_many(p.offers, 16'000, 400);
  SyncOptions options;
  options.window_bytes = 1u << 20;
  Link link{p.town, p.kreis, options};
  link.run(2);  // the hellos
  while (link.a.pull(link.b, link.now, false)) {}
  CHECK(link.a.runs_sent_bytes > options.window_bytes - options.run_bytes_target);
  CHECK(link.a.runs_sent_bytes <= options.window_bytes);

  // One run at a time is committed: the sender follows it with another at once.
  while (link.deliver(link.a, link.b)) {}
  CHECK(link.b.commit(1));
  REQUIRE(link.b.pull(link.a, link.now, false));
  CHECK(link.a.runs_acknowledged == 1);
  while (link.deliver(link.b, link.a)) {}
  CHECK(link.a.pull(link.b, link.now, false));
  link.run();
  CHECK(link.in_sync());
  CHECK(p.kreis.replica.texts(p.offers).size() == 16'000);
}

TEST_CASE("sync faults: nothing is acknowledged before the driver has committed it") {
  Pair p;
  p.sync();
  Link link{p.town, p.kreis};
  link.run();
  p.town.write(Collection::offers, "live");
  while (link.a.pull(link.b, link.now, false)) {}
  while (link.deliver(link.a, link.b)) {}
  CHECK_FALSE(link.b.pull(link.a, link.now, false));
  const auto run = link.b.session.next_run();
  REQUIRE(run);
  CHECK_FALSE(link.b.pull(link.a, link.now, false));
  CHECK_FALSE(link.a.session.acknowledged(p.offers));
  std::vector<Advance> grown;
  const auto report = p.kreis.replica.ingest(run->bytes, grown);
  ++link.b.runs_committed;
  link.b.session.report(run->number, report);
  link.run();
  CHECK(link.a.session.acknowledged(p.offers));
}

TEST_CASE("sync faults: what is remembered of a peer that was restored is put right by its frontier") {
  Pair p;
  write_some(p, 0, 4);
  p.sync();
  Node old_town = clone_of(p.realm, p.town, 2);
  for (int i = 4; i < 9; ++i) p.kreis.write(Collection::needs, "need " + std::to_string(i));
  p.sync();
  p.kreis.write(Collection::needs, "need 9");
  Link link{old_town, p.kreis};
  link.run();
  CHECK_FALSE(link.broken);
  CHECK(link.in_sync());
  check_equal(old_town, p.kreis, p.kreis.replica.space(Collection::needs));
}

TEST_CASE("sync faults: a restored replica hears of its own lost entries before anything else, and gets them back") {
  Pair p;
  write_some(p, 0, 4);
  p.sync();
  Node restored = clone_of(p.realm, p.town, 2);
  write_some(p, 4, 8);
  p.sync();
  Link link{restored, p.kreis};
  link.run();
  CHECK(link.in_sync());
  const auto shown = link.a.of<OwnHeadsShown>();
  REQUIRE(shown.size() == 1);
  bool proven = false;
  for (const SignedHead& head : shown[0].heads) {
    CHECK(crypto::verify(restored.replica.author(), run_label, head.head.entry, head.signature));
    proven |= head.head == p.town.replica.heads(p.offers).front();
  }
  CHECK(proven);
  check_equal(restored, p.town, p.offers);
}

TEST_CASE("sync faults: both branches of a forked log reach everybody, wherever it forked") {
  struct Case {
    int common, one, other;
  };
  for (const Case c : {Case{7, 3, 5}, Case{7, 5, 3}, Case{7, 4, 4}, Case{0, 2, 3}, Case{1, 1, 1}, Case{3, 1, 200},
                       Case{150, 200, 1}, Case{100, 90, 130}}) {
    CAPTURE(c.common);
    CAPTURE(c.one);
    CAPTURE(c.other);
    for (const bool remembers : {false, true}) {
      CAPTURE(remembers);
      Pair p;
      for (int i = 0; i < c.common; ++i) p.town.write(Collection::offers, "common " + std::to_string(i));
      if (remembers) p.sync();
      Node twin = clone_of(p.realm, p.town, 2);
      for (int i = 0; i < c.one; ++i) p.town.write(Collection::offers, "one " + std::to_string(i));
      for (int i = 0; i < c.other; ++i) twin.write(Collection::offers, "other " + std::to_string(i));
      p.sync();
      Link link{twin, p.kreis};
      link.run();
      CHECK_FALSE(link.broken);
      CHECK(link.in_sync());
      CHECK(p.kreis.replica.heads(p.offers).size() == 2);
      check_equal(twin, p.kreis, p.offers);
      Link again{p.town, p.kreis};
      again.run();
      CHECK(again.in_sync());
      check_equal(p.town, p.kreis, p.offers);
      CHECK(p.town.replica.texts(p.offers).size() == static_cast<std::size_t>(c.common + c.one + c.other));
    }
  }
}

TEST_CASE("sync faults: a fork is searched for in a few messages, not entry by entry") {
  Pair p;
  for (int i = 0; i < 2'000; ++i) p.town.write(Collection::offers, "common " + std::to_string(i));
  p.sync();
  Node twin = clone_of(p.realm, p.town, 2);
  for (int i = 0; i < 50; ++i) p.town.write(Collection::offers, "one " + std::to_string(i));
  for (int i = 0; i < 60; ++i) twin.write(Collection::offers, "other " + std::to_string(i));
  p.sync();
  Link link{twin, p.kreis};
  link.run();
  CHECK(link.in_sync());
  // Both branches, with some overlap at worst as long as the branch, but not the 2,000 entries before.
  CHECK(link.bytes() < 2 * 110 * 200 + 20'000);
  check_equal(twin, p.kreis, p.offers);
}

TEST_CASE("sync faults: a third and fourth branch travel too") {
  Pair p;
  for (int i = 0; i < 5; ++i) p.town.write(Collection::offers, "common " + std::to_string(i));
  p.sync();
  std::vector<std::unique_ptr<Node>> twins;
  for (int n = 0; n < 4; ++n) twins.push_back(std::make_unique<Node>(clone_of(p.realm, p.town, 2)));
  for (int n = 0; n < 4; ++n) {
    for (int i = 0; i <= n; ++i) {
      twins[static_cast<std::size_t>(n)]->write(Collection::offers, std::to_string(n) + " branch " + std::to_string(i));
    }
  }
  for (int round = 0; round < 2; ++round) {
    for (auto& twin : twins) {
      Link link{*twin, p.kreis};
      link.run();
      CHECK_FALSE(link.broken);
    }
  }
  CHECK(p.kreis.replica.heads(p.offers).size() == 4);
  for (auto& twin : twins) check_equal(*twin, p.kreis, p.offers);
}

TEST_CASE("sync faults: a log that the peer refuses pauses alone, and is tried again") {
  Pair p;
  write_some(p, 0, 2);
  const Head bad = p.town.replica.heads(p.offers).front();
  p.kreis.replica.refuses[bad.log] = Errc::damaged;
  Link link{p.town, p.kreis};
  link.run();
  CHECK_FALSE(link.broken);
  CHECK_FALSE(link.in_sync());
  CHECK(link.a.session.compared());
  check_equal(p.town, p.kreis, p.counts);
  check_equal(p.town, p.kreis, p.kreis.replica.space(Collection::needs));
  const auto refused = link.a.of<RunRefused>();
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].code == Errc::damaged);
  CHECK(refused[0].space == p.offers);
  CHECK(link.a.session.pending_entries() == 2);
  CHECK(link.a.session.pending_entries(p.offers) == 2);
  CHECK_FALSE(link.a.session.acknowledged(p.offers));
  CHECK(link.a.session.acknowledged(p.counts));

  p.town.write(Collection::counts, "goes on");
  p.town.write(Collection::offers, "stays here");
  link.run();
  CHECK(link.a.session.pending_entries() == 3);
  check_equal(p.town, p.kreis, p.counts);

  p.kreis.replica.refuses.clear();
  link.now += SyncOptions{}.retry_after;
  // The peers kept each other awake meanwhile.
  REQUIRE(link.a.session.receive(encode_message(Ping{}), link.now));
  REQUIRE(link.b.session.receive(encode_message(Ping{}), link.now));
  link.a.session.on_time(link.now);
  link.b.session.on_time(link.now);
  link.run();
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers);
}

TEST_CASE("sync faults: what paused goes on one run at a time until one is taken, and then as fast as before") {
  Pair p;
  p.town.replica.write_many(p.offers, 1200, 1000);
  const Head log = p.town.replica.heads(p.offers).front();
  p.kreis.replica.refuses[log.log] = Errc::put_off;
  Link link{p.town, p.kreis};
  link.keep_messages = true;
  const auto runs_sent = [&] {
    return std::count_if(link.a.all_sent.begin(), link.a.all_sent.end(), [](const Message& m) { return m.kind == MessageKind::run; });
  };
  link.run();
  const auto at_first = runs_sent();
  CHECK(at_first > 3);  // all of it was on its way before the first was refused
  const auto again = [&] {
    link.now += SyncOptions{}.retry_after;
    for (LinkEnd* end : {&link.a, &link.b}) {
      REQUIRE(end->session.receive(encode_message(Ping{}), link.now));
      end->session.on_time(link.now);
    }
    link.run();
  };
  for (int time = 1; time <= 3; ++time) {
    again();
    CHECK(runs_sent() == at_first + time);
    REQUIRE(link.a.of<RunRefused>().back().code == Errc::put_off);
    CHECK_FALSE(link.in_sync());
  }
  p.kreis.replica.refuses.clear();
  again();
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers);
}

TEST_CASE("sync faults: who comes back with much and goes on writing meanwhile is taken whole, at every pace of the line") {
  for (const std::size_t messages : {1u, 2u, 3u, 5u, 9u}) {  // that pass each way between two edits
    CAPTURE(messages);
    Pair p;
    p.kreis.write(Collection::offers, "of the Kreis");
    p.sync();
    p.town.replica.write_many(p.offers, 1000, 100);
    Link link{p.town, p.kreis};
    for (int edit = 0; edit < 60; ++edit) {
      p.town.write(Collection::offers, "meanwhile " + std::to_string(edit));
      for (auto [from, to] : {std::pair{&link.a, &link.b}, std::pair{&link.b, &link.a}}) {
        while (from->pull(*to, link.now, false)) {
        }
        for (std::size_t n = 0; n < messages; ++n) link.deliver(*from, *to);
        to->commit();
        from->take_events();
      }
    }
    link.run();
    CHECK_FALSE(link.broken);
    CHECK(link.a.of<RunRefused>().empty());
    CHECK(link.in_sync());
    check_equal(p.town, p.kreis, p.offers);
  }
}

TEST_CASE("sync faults: a refusal on both sides' last comparison does not make them talk for ever") {
  Pair p;
  write_some(p, 0, 2);
  p.kreis.replica.refuses_space[p.offers] = Errc::damaged;
  p.town.replica.refuses_space[p.kreis.replica.space(Collection::needs)] = Errc::no_space;
  Link link{p.town, p.kreis};
  CHECK(link.run(200) < 60);
  CHECK(link.a.session.compared());
  CHECK(link.b.session.compared());
  p.town.write(Collection::counts, "live");
  CHECK(link.run(200) < 10);
  check_equal(p.town, p.kreis, p.counts);
}

TEST_CASE("sync faults: a space that cannot be read here is left out, and both sides know") {
  Pair p;
  write_some(p, 0, 2);
  p.town.replica.unreadable = p.offers;
  Link link{p.town, p.kreis};
  CHECK(link.run(200) < 60);
  CHECK_FALSE(link.broken);
  CHECK_FALSE(link.in_sync());
  const auto ours = link.a.of<SpacePaused>();
  const auto theirs = link.b.of<SpacePaused>();
  REQUIRE(ours.size() == 1);
  REQUIRE(theirs.size() == 1);
  CHECK(ours[0].ours);
  CHECK_FALSE(theirs[0].ours);
  CHECK(theirs[0].space == p.offers);
  CHECK(theirs[0].code == Errc::damaged);
  check_equal(p.town, p.kreis, p.counts);
  CHECK(p.kreis.replica.texts(p.offers).empty());

  p.town.replica.unreadable.reset();
  link.a.session.retry();
  link.b.session.retry();
  link.run();
  CHECK(link.in_sync());
  check_equal(p.town, p.kreis, p.offers);
}

TEST_CASE("sync faults: silence is broken by pings, and a silent peer is given up") {
  Pair p;
  SyncOptions options;
  Link link{p.town, p.kreis, options};
  link.run();
  REQUIRE(link.in_sync());
  REQUIRE(link.a.session.next_timeout() == options.keepalive);
  link.now = options.keepalive;
  link.a.session.on_time(link.now);
  CHECK(link.run() == 2);  // ping and pong
  CHECK(link.a.session.next_timeout() == 2 * options.keepalive);

  link.now += options.silence_max;
  link.a.session.on_time(link.now);
  CHECK(link.a.session.finished());
  REQUIRE(link.a.session.failure());
  CHECK(link.a.session.failure()->code == Errc::silent_peer);
  const auto last = link.a.session.next_outgoing(link.now);
  REQUIRE(last);
  CHECK(decode_message<Close>(last->body)->code == Errc::silent_peer);
  CHECK_FALSE(link.a.session.next_outgoing(link.now));
}

TEST_CASE("sync faults: a peer that answers pings but never acknowledges is given up") {
  Pair p;
  SyncOptions options;
  Link link{p.town, p.kreis, options};
  link.run();
  p.town.write(Collection::offers, "never acknowledged");
  while (link.a.pull(link.b, link.now, false)) {}
  for (SteadyTime t{0}; t < options.progress_max; t += options.keepalive) {
    REQUIRE(link.a.session.receive(encode_message(Pong{}), t));
    link.a.session.on_time(t);
    CHECK_FALSE(link.a.session.finished());
  }
  REQUIRE(link.a.session.receive(encode_message(Pong{}), options.progress_max));
  link.a.session.on_time(options.progress_max);
  CHECK(link.a.session.finished());
}

TEST_CASE("sync faults: a goodbye ends both sides without an error") {
  Pair p;
  Link link{p.town, p.kreis};
  link.run();
  link.a.session.close();
  CHECK(link.run() == 1);
  CHECK(link.a.session.finished());
  CHECK(link.b.session.finished());
  CHECK_FALSE(link.a.session.failure());
  CHECK_FALSE(link.b.session.failure());
}

TEST_CASE("sync faults: what does not belong here ends the session with its reason") {
  const auto answer = [](const Message& message, bool after_hello) {
    Pair p;
    p.town.write(Collection::offers, "offer");
    p.sync();
    Link link{p.town, p.kreis};
    if (after_hello) link.run();
    const auto taken = link.b.session.receive(message, link.now);
    if (!taken) {
      CHECK(link.b.session.finished());
      if (message.kind != MessageKind::close) {
        const auto close = link.b.session.next_outgoing(link.now);
        REQUIRE(close);
        CHECK(close->kind == MessageKind::close);
        CHECK(decode_message<Close>(close->body)->code == taken.error().code);
      }
      CHECK_FALSE(link.b.session.receive(encode_message(Ping{}), link.now));
    }
    return taken ? Errc::ok : taken.error().code;
  };
  Pair p;
  Hello hello;
  hello.realm = p.realm.id();
  hello.control = p.realm.control().position();
  hello.window = 4u << 20;
  CHECK(answer(encode_message(hello), false) == Errc::ok);
  CHECK(answer(encode_message(hello), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(Ping{}), false) == Errc::unexpected_message);
  Hello other = hello;
  other.realm = {};
  CHECK(answer(encode_message(other), false) == Errc::foreign_realm);
  other = hello;
  other.version = 2;
  CHECK(answer(encode_message(other), false) == Errc::version_refused);
  other = hello;
  other.window = 1000;
  CHECK(answer(encode_message(other), false) == Errc::malformed);

  CHECK(answer({static_cast<MessageKind>(99), {}}, true) == Errc::version_refused);
  CHECK(answer({static_cast<MessageKind>(200), Bytes(70, 1)}, true) == Errc::ok);
  CHECK(answer({MessageKind::run, Bytes(limits::run_bytes_max + 1)}, true) == Errc::over_limit);
  CHECK(answer({MessageKind::run, {}}, true) == Errc::malformed);
  CHECK(answer(encode_message(Ack{1, {}}), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(Ack{0, {}}), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(Quiet{1, 0, false, {}}), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(OwnHeads{}), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(JoinRequest{}), true) == Errc::unexpected_message);
  CHECK(answer(encode_message(ControlProof{Bytes(9, 9)}), true) == Errc::malformed);
  CHECK(answer(encode_message(ControlRecords{}), true) == Errc::malformed);
  CHECK(answer(encode_message(Close{Errc::revoked}), true) == Errc::revoked);
}

TEST_CASE("sync faults: more runs than credit are refused") {
  Pair p;
  SyncOptions options;
  options.window_bytes = limits::run_bytes_max;
  Link link{p.town, p.kreis, options};
  link.run();
  REQUIRE(link.b.session.receive({MessageKind::run, Bytes(600'000, 1)}, link.now));
  CHECK(link.b.session.receive({MessageKind::run, Bytes(600'000, 1)}, link.now).error().code == Errc::over_limit);

  Link many{p.town, p.kreis};
  many.run();
  for (std::size_t i = 0; i < limits::runs_in_flight_max; ++i) REQUIRE(many.b.session.receive({MessageKind::run, Bytes(1, 1)}, many.now));
  CHECK(many.b.session.receive({MessageKind::run, Bytes(1, 1)}, many.now).error().code == Errc::over_limit);
}

TEST_CASE("sync faults: a peer that asks and never reads does not fill the memory") {
  Pair p;
  for (int i = 0; i < 40; ++i) p.town.write(Collection::offers, "offer " + std::to_string(i));
  Link link{p.kreis, p.town};
  link.run();
  // The same question ten thousand times is answered once.
  FrontierPart question;
  question.space = SpaceName::of(p.offers);
  question.answer = true;
  for (int i = 0; i < 10'000; ++i) REQUIRE(link.b.session.receive(encode_message(question), link.now));
  CHECK(link.b.session.next_outgoing(link.now)->kind == MessageKind::frontier);
  // Questions whose answers cannot be put off end the session before they fill it.
  Errc ended = Errc::ok;
  for (int i = 0; i < 1'000'000 && ended == Errc::ok; ++i) {
    Samples samples{SpaceName::of(p.offers), p.town.replica.heads(p.offers).front().log, true, {{1, {}}}};
    if (auto taken = link.b.session.receive(encode_message(samples), link.now); !taken) ended = taken.error().code;
  }
  CHECK(ended == Errc::over_limit);
}

TEST_CASE("sync faults: a frontier in parts counts once it is whole, and parts out of order are refused") {
  Pair p;
  p.town.write(Collection::offers, "offer");
  Link link{p.town, p.kreis};
  link.run();
  const auto part = [&](std::uint8_t log, bool more) {
    FrontierPart out;
    out.space = SpaceName::of(p.offers);
    out.more = more;
    out.answer = true;
    out.heads = {{LogId::from(Bytes(32, log)), 1, {}}, {LogId::from(Bytes(32, log)), 2, {}}};
    return encode_message(out);
  };
  link.b.events.clear();
  REQUIRE(link.b.session.receive(part(1, true), link.now));
  link.b.take_events();
  CHECK(link.b.of<PeerHeads>().empty());
  REQUIRE(link.b.session.receive(part(2, true), link.now));
  REQUIRE(link.b.session.receive(part(3, false), link.now));
  link.b.take_events();
  REQUIRE(link.b.of<PeerHeads>().size() == 1);
  CHECK(link.b.of<PeerHeads>()[0].heads.size() == 6);
  REQUIRE(link.b.session.receive(part(2, true), link.now));
  CHECK(link.b.session.receive(part(1, false), link.now).error().code == Errc::not_canonical);
}

TEST_CASE("sync faults: garbage never does more than end its own session") {
  Pair p;
  write_some(p, 0, 3);
  p.sync();
  write_some(p, 3, 5);
  Link recorded{p.town, p.kreis};
  recorded.keep_messages = true;
  std::vector<Message> talk;
  {
    Pair fresh;
    write_some(fresh, 0, 5);
    Link link{fresh.town, fresh.kreis};
    link.keep_messages = true;
    link.run();
    talk = link.a.all_sent;
    fresh.kreis.replica.forget_peer(fresh.town.replica.author());
    fresh.town.replica.forget_peer(fresh.kreis.replica.author());
    write_some(fresh, 5, 6);
    Link digests{fresh.town, fresh.kreis};
    digests.keep_messages = true;
    digests.run();
    talk.insert(talk.end(), digests.a.all_sent.begin(), digests.a.all_sent.end());
  }
  std::mt19937 random{1};
  std::size_t refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    CAPTURE(round);
    Link link{p.town, p.kreis};
    link.run(random() % 6);
    for (int i = 0; i < 8 && !link.b.session.finished(); ++i) {
      Message message = talk[random() % talk.size()];
      if (random() % 4 == 0) message.kind = static_cast<MessageKind>(random() % 40);
      if (!message.body.empty()) {
        if (random() % 2 == 0) message.body[random() % message.body.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
        if (random() % 4 == 0) message.body.resize(random() % message.body.size());
      }
      if (!link.b.session.receive(std::move(message), link.now)) ++refused;
      link.b.commit();
      while (link.b.session.next_outgoing(link.now)) {}
    }
  }
  CHECK(refused > 1'000);
  p.sync();
  check_equal(p.town, p.kreis, p.offers);
}
