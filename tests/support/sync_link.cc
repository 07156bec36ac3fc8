#include "tests/support/sync_link.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "protocol/limits.h"

namespace kiz::test {

std::uint64_t stream_bytes(const Message& message) {
  const auto varint = [](std::uint64_t n) {
    std::uint64_t bytes = 1;
    for (; n >= 0x80; n >>= 7) ++bytes;
    return bytes;
  };
  return varint(static_cast<std::uint64_t>(message.kind)) + varint(message.body.size() * 2) + message.body.size();
}

// ---- node ----------------------------------------------------------------------------------------------------------------

Advance Node::write(Collection collection, const std::string& text) {
  const Advance advance = replica.write(replica.space(collection), text);
  tell(advance);
  return advance;
}

void Node::tell(const Advance& advance, const SyncSession* except) {
  for (SyncSession* session : sessions) {
    if (session != except) session->on_commit(advance);
  }
}

void Node::follow(const TestRealm& realm) {
  replica.follow(realm);
  for (SyncSession* session : sessions) session->on_control_changed();
}

// ---- one end -------------------------------------------------------------------------------------------------------------

LinkEnd::LinkEnd(Node& own, const Node& other, Side side, const SyncOptions& options, SteadyTime now)
    : node(own), peer(other.replica.author()), peer_member(other.replica.member()), source(own.replica, peer_member, peer),
      session(source, side, options, now), window(options.window_bytes) {
  node.sessions.push_back(&session);
}

bool LinkEnd::pull(LinkEnd& other, SteadyTime now, bool keep) {
  auto message = session.next_outgoing(now);
  if (!message) return false;
  bytes_sent += stream_bytes(*message);
  if (message->kind == MessageKind::run) {
    run_sizes.push_back(message->body.size());
    runs_sent_bytes += message->body.size();
    CHECK(runs_sent_bytes <= other.window);
    CHECK(run_sizes.size() <= limits::runs_in_flight_max);
  }
  if (message->kind == MessageKind::ack) {
    const auto ack = decode_message<Ack>(message->body);
    REQUIRE(ack);
    CHECK(ack->upto <= runs_committed);
    for (; other.runs_acknowledged < ack->upto; ++other.runs_acknowledged) {
      other.runs_sent_bytes -= other.run_sizes.front();
      other.run_sizes.pop_front();
    }
  }
  if (keep) all_sent.push_back(*message);
  sent.push_back(std::move(*message));
  return true;
}

bool LinkEnd::commit(std::size_t runs_max) {
  bool any = false;
  if (const auto records = session.take_control(); !records.empty()) {
    any = true;
    if (node.replica.take_control(records)) {
      for (SyncSession* open : node.sessions) open->on_control_changed();
    } else {
      session.on_control_refused();
    }
  }
  for (std::size_t i = 0; i < runs_max; ++i) {
    const auto run = session.next_run();
    if (!run) break;
    any = true;
    std::vector<Advance> grown;
    const RunReport report = node.replica.ingest(run->bytes, grown);
    ++runs_committed;
    if (report.refused == Errc::ok) node.replica.remember(peer, report.last);
    session.report(run->number, report);
    for (const Advance& advance : grown) node.tell(advance, &session);
  }
  take_events();
  return any;
}

void LinkEnd::take_events() {
  while (auto event = session.next_event()) {
    if (const auto* acknowledged = std::get_if<Acknowledged>(&*event)) node.replica.remember(peer, acknowledged->head);
    if (const auto* heads = std::get_if<PeerHeads>(&*event)) node.replica.remember_space(peer, heads->space, heads->heads);
    if (std::holds_alternative<PeerHoldsAll>(*event)) {
      std::vector<Space> shared;
      for (const auto& item : source.shared_spaces()) shared.push_back(item.space);
      node.replica.remember_all(peer, shared);
    }
    events.push_back(std::move(*event));
  }
}

// ---- link ----------------------------------------------------------------------------------------------------------------

Link::Link(Node& one, Node& other, SyncOptions options, SteadyTime at)
    : a(one, other, Side::initiator, options, at), b(other, one, Side::responder, options, at), now(at) {}

Link::~Link() {
  std::erase(a.node.sessions, &a.session);
  std::erase(b.node.sessions, &b.session);
}

bool Link::deliver(LinkEnd& from, LinkEnd& to) {
  if (from.sent.empty()) return false;
  Message message = std::move(from.sent.front());
  from.sent.pop_front();
  if (auto taken = to.session.receive(std::move(message), now); !taken && !broken) broken = taken.error();
  return true;
}

std::size_t Link::run(std::size_t messages_max) {
  std::size_t delivered = 0;
  for (bool moved = true; moved;) {
    moved = false;
    for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
      while (from->pull(*to, now, keep_messages)) moved = true;
      while (!from->sent.empty()) {
        if (delivered == messages_max) return delivered;
        deliver(*from, *to);
        ++delivered;
        moved = true;
      }
      moved |= to->commit();
      from->take_events();
    }
  }
  return delivered;
}

}  // namespace kiz::test
