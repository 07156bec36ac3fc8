// Two sync sessions joined by a pipe that tests can watch, slow down and cut. What every test wants checked is checked
// here: credit is never exceeded, nothing is acknowledged before it is committed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "protocol/sync_session.h"
#include "tests/support/memory_replica.h"

namespace kiz::test {

/// A replica with all the sessions it has open: what one of them brings is told to the others.
struct Node {
  Node(const TestRealm& realm, const MemberId& member, std::uint8_t number) : replica(realm, member, number) {}

  MemoryReplica replica;
  std::vector<SyncSession*> sessions;

  Advance write(Collection collection, const std::string& text);
  void tell(const Advance& advance, const SyncSession* except = nullptr);
  void follow(const TestRealm& realm);
};

/// One end of a link: the session and its driver.
struct LinkEnd {
  LinkEnd(Node& own, const Node& peer, Side side, const SyncOptions& options, SteadyTime now);

  Node& node;
  AuthorKey peer;
  MemberId peer_member;
  MemorySource source;
  SyncSession session;
  std::deque<Message> sent;           // on the way to the other end
  std::vector<SyncEvent> events;      // all there were
  std::vector<Message> all_sent;      // kept only where the link is told to
  std::uint64_t bytes_sent = 0;
  std::uint64_t runs_sent_bytes = 0;  // not acknowledged yet
  std::deque<std::uint64_t> run_sizes;
  std::uint64_t runs_acknowledged = 0;
  std::uint64_t runs_committed = 0;
  std::uint64_t window = 0;

  /// Takes what the session says and counts it. False: it says nothing.
  bool pull(LinkEnd& other, SteadyTime now, bool keep);
  /// Commits control records and up to `runs_max` runs. False: there was nothing.
  bool commit(std::size_t runs_max = SIZE_MAX);
  void take_events();

  template <class T>
  std::vector<T> of() const {
    std::vector<T> out;
    for (const auto& event : events) {
      if (const T* wanted = std::get_if<T>(&event)) out.push_back(*wanted);
    }
    return out;
  }
};

class Link {
 public:
  Link(Node& a, Node& b, SyncOptions options = {}, SteadyTime now = SteadyTime{0});
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  LinkEnd a;  // initiator
  LinkEnd b;
  SteadyTime now;
  bool keep_messages = false;
  std::optional<Error> broken;  // why a session refused a message

  /// Lets everything flow until nothing moves or `messages_max` have been delivered. Returns how many were.
  std::size_t run(std::size_t messages_max = SIZE_MAX);
  bool in_sync() const { return a.session.in_sync() && b.session.in_sync(); }
  std::uint64_t bytes() const { return a.bytes_sent + b.bytes_sent; }
  bool deliver(LinkEnd& from, LinkEnd& to);
};

/// Bytes of a message in the stream that frames carry, unpacked.
std::uint64_t stream_bytes(const Message& message);

}  // namespace kiz::test
