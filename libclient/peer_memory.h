// How far each peer has acknowledged each log. Memory that may be wrong and costs nothing when it is: it spares comparing
// frontiers, and it says which edits nobody else holds yet. Written along with the next commit, never with one of its own.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "kiz/ids.h"
#include "libclient/space_store.h"
#include "libclient/sqlite.h"

namespace kiz {

class PeerMemory {
 public:
  struct LogKey {
    SpaceNumber space = 0;
    LogRef log = 0;
    auto operator<=>(const LogKey&) const = default;
  };
  struct Mark {
    Seq seq = 0;
    EntryHash entry;
    bool operator==(const Mark&) const = default;
  };
  using Marks = std::map<LogKey, Mark>;

  void load(Sql& db);
  void acknowledged(const TransportKey& peer, const LogKey& log, const Mark& mark);
  /// Replaces what is remembered of this peer in one space.
  void replace(const TransportKey& peer, SpaceNumber space, const Marks& marks);
  /// Null: nothing is remembered of this peer.
  const Marks* of(const TransportKey& peer) const;
  /// Largest seq of a log that any peer has acknowledged.
  Seq acknowledged_upto(const LogKey& log) const;
  /// Writes what has changed; inside a transaction.
  void write(Sql& db);
  bool dirty() const { return !dirty_.empty(); }

 private:
  std::map<TransportKey, Marks> peers_;
  std::set<std::pair<TransportKey, LogKey>> dirty_;
};

}  // namespace kiz
