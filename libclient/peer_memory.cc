#include "libclient/peer_memory.h"

#include <algorithm>

namespace kiz {

void PeerMemory::load(Sql& db) {
  peers_.clear();
  dirty_.clear();
  auto query = db.query("SELECT peer, space, log, seq, hash FROM acknowledged");
  while (query.step()) {
    peers_[TransportKey::from(query.blob(0))][{query.number(1), static_cast<LogRef>(query.number(2))}] = {
        query.count(3), EntryHash::from(query.blob(4))};
  }
}

void PeerMemory::acknowledged(const TransportKey& peer, const LogKey& log, const Mark& mark) {
  Mark& held = peers_[peer][log];
  if (held == mark) return;
  held = mark;
  dirty_.emplace(peer, log);
}

void PeerMemory::replace(const TransportKey& peer, SpaceNumber space, const Marks& marks) {
  Marks& held = peers_[peer];
  for (auto at = held.lower_bound({space, 0}); at != held.end() && at->first.space == space;) {
    if (marks.contains(at->first)) {
      ++at;
      continue;
    }
    dirty_.emplace(peer, at->first);
    at = held.erase(at);
  }
  for (const auto& [log, mark] : marks) acknowledged(peer, log, mark);
}

const PeerMemory::Marks* PeerMemory::of(const TransportKey& peer) const {
  const auto at = peers_.find(peer);
  return at == peers_.end() ? nullptr : &at->second;
}

Seq PeerMemory::acknowledged_upto(const LogKey& log) const {
  Seq out = 0;
  for (const auto& [peer, marks] : peers_) {
    if (const auto at = marks.find(log); at != marks.end()) out = std::max(out, at->second.seq);
  }
  return out;
}

void PeerMemory::write(Sql& db) {
  for (const auto& [peer, log] : dirty_) {
    const Marks& marks = peers_[peer];
    const auto at = marks.find(log);
    if (at == marks.end()) {
      (db.query("DELETE FROM acknowledged WHERE space = ? AND log = ? AND peer = ?") << log.space << log.log << ByteView{peer}).run();
      continue;
    }
    (db.query("INSERT INTO acknowledged(space, log, peer, seq, hash) VALUES(?, ?, ?, ?, ?) "
              "ON CONFLICT(space, log, peer) DO UPDATE SET seq = excluded.seq, hash = excluded.hash")
     << log.space << log.log << ByteView{peer} << at->second.seq << ByteView{at->second.entry})
        .run();
  }
  dirty_.clear();
}

}  // namespace kiz
