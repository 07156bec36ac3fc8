#include "libclient/bundle_memory.h"

#include <charconv>

namespace kiz::bundle_memory {
namespace {
constexpr char counter[] = "bundle_number";
constexpr char made_prefix[] = "bundle_made/";  // and the sender: when its bundle that was last read was made

std::uint64_t number_kept(const ReplicaCore& core, const std::string& name) {
  std::uint64_t out = 0;
  const auto text = core.fact(name);
  if (text) std::from_chars(reinterpret_cast<const char*>(text->data()), reinterpret_cast<const char*>(text->data() + text->size()), out);
  return out;
}

void keep_number(ReplicaCore& core, const std::string& name, std::uint64_t number) { core.put_fact(name, view(std::to_string(number))); }

/// Number of the bundle of this sender that was last read here and was not older; 0: none.
std::uint64_t last_read(const ReplicaCore& core, const TransportKey& sender) {
  auto query = core.db().query("SELECT read_number FROM bundle_peers WHERE peer = ?");
  query << ByteView{sender};
  return query.step() ? query.count(0) : 0;
}

}

Result<std::uint64_t> next_number(ReplicaCore& core) {
  return core.write([&]() -> Result<std::uint64_t> {
    const std::uint64_t number = number_kept(core, counter) + 1;
    keep_number(core, counter, number);
    return number;
  });
}

std::optional<Sent> sent(const ReplicaCore& core, const TransportKey& recipient, const PeerMemory::LogKey& log) {
  auto query = core.db().query(
      "SELECT s.seq, s.hash, p.sent_number FROM bundle_sent s JOIN bundle_peers p ON p.peer = s.peer "
      "WHERE s.peer = ? AND s.space = ? AND s.log = ?");
  query << ByteView{recipient} << log.space << log.log;
  if (!query.step()) return std::nullopt;
  return Sent{{query.count(0), EntryHash::from(query.blob(1))}, query.count(2)};
}

Seq control_held(const ReplicaCore& core, const TransportKey& peer) {
  auto query = core.db().query("SELECT control, control_hash FROM bundle_peers WHERE peer = ?");
  query << ByteView{peer};
  if (!query.step()) return 0;
  const Seq seq = query.count(0);
  // On another branch than ours it holds nothing that we could build on.
  if (seq == 0 || seq > core.control().last_seq() || core.control().hashes()[seq - 1] != ControlHash::from(query.blob(1))) return 0;
  return seq;
}

void note_written(ReplicaCore& core, const TransportKey& recipient, std::uint64_t number) {
  (core.db().query("INSERT INTO bundle_peers(peer, sent_number, sent_ms) VALUES(?, ?, ?) "
                   "ON CONFLICT(peer) DO UPDATE SET sent_number = excluded.sent_number, sent_ms = excluded.sent_ms")
   << ByteView{recipient} << number << core.now_ms())
      .run();
}

void note_sent(ReplicaCore& core, const TransportKey& recipient, const PeerMemory::LogKey& log, const PeerMemory::Mark& mark) {
  (core.db().query("INSERT OR REPLACE INTO bundle_sent(peer, space, log, seq, hash) VALUES(?, ?, ?, ?, ?)")
   << ByteView{recipient} << log.space << log.log << mark.seq << ByteView{mark.entry})
      .run();
}

bool was_read(const ReplicaCore& core, const BundleOpening& opening) {
  return opening.number <= last_read(core, opening.sender_transport) &&
         opening.made_ms <= number_kept(core, made_prefix + to_hex(opening.sender_transport));
}

bool note_read(ReplicaCore& core, const BundleOpening& opening) {
  const std::string made_at = made_prefix + to_hex(opening.sender_transport);
  const std::uint64_t number = last_read(core, opening.sender_transport);
  const std::uint64_t made_ms = number_kept(core, made_at);
  const bool youngest = opening.number > number && opening.made_ms >= made_ms;
  const Seq held = control_held(core, opening.sender_transport);
  if (!was_read(core, opening)) {
    (core.db().query("INSERT INTO bundle_peers(peer, read_number, read_ms) VALUES(?, ?, ?) "
                     "ON CONFLICT(peer) DO UPDATE SET read_number = excluded.read_number, read_ms = excluded.read_ms")
     << ByteView{opening.sender_transport} << opening.number << core.now_ms())
        .run();
    keep_number(core, made_at, opening.made_ms);
  }
  if (youngest || opening.control.seq < held) {
    (core.db().query("UPDATE bundle_peers SET control = ?, control_hash = ? WHERE peer = ?")
     << opening.control.seq << ByteView{opening.control.hash} << ByteView{opening.sender_transport})
        .run();
  }
  return youngest;
}

}  // namespace kiz::bundle_memory
