#include "libclient/bundle_memory.h"

#include <charconv>

namespace kiz::bundle_memory {
namespace {
constexpr char counter[] = "bundle_number";
}

Result<std::uint64_t> next_number(ReplicaCore& core) {
  return core.write([&]() -> Result<std::uint64_t> {
    std::uint64_t number = 0;
    {
      auto query = core.db().query("SELECT value FROM facts WHERE name = ?");
      query << counter;
      if (query.step()) {
        const ByteView text = query.blob(0);
        std::from_chars(reinterpret_cast<const char*>(text.data()), reinterpret_cast<const char*>(text.data() + text.size()), number);
      }
    }
    const std::string text = std::to_string(++number);
    (core.db().query("INSERT OR REPLACE INTO facts(name, value) VALUES(?, ?)") << counter << view(text)).run();
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

std::uint64_t last_read(const ReplicaCore& core, const TransportKey& sender) {
  auto query = core.db().query("SELECT read_number FROM bundle_peers WHERE peer = ?");
  query << ByteView{sender};
  return query.step() ? query.count(0) : 0;
}

bool note_read(ReplicaCore& core, const BundleOpening& opening) {
  if (opening.number <= last_read(core, opening.sender_transport)) return false;
  (core.db().query("INSERT INTO bundle_peers(peer, read_number, read_ms, control, control_hash) VALUES(?, ?, ?, ?, ?) "
                   "ON CONFLICT(peer) DO UPDATE SET read_number = excluded.read_number, read_ms = excluded.read_ms, "
                   "control = excluded.control, control_hash = excluded.control_hash")
   << ByteView{opening.sender_transport} << opening.number << core.now_ms() << opening.control.seq
   << ByteView{opening.control.hash})
      .run();
  return true;
}

}  // namespace kiz::bundle_memory
