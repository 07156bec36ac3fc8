// Worlds for the merge: entries and control records as an independent model writes them down (tests/vectors/README.md),
// and a replica in memory that takes them in step by step. Signatures and canonical bytes play no part here.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "protocol/memory_log.h"
#include "protocol/merge.h"

namespace kiz::test {

using Json = nlohmann::json;

struct WorldLog {
  std::string name;
  std::string author;
};

struct WorldCut {
  std::size_t log = 0;  // index into World::logs
  Seq seq = 0;
  std::string head;  // entry name; empty at seq 0
  std::optional<Seq> fork;
};

struct WorldControl {
  std::string kind;    // cut, revoke, withdraw, grant
  std::string author;  // of revoke, withdraw, grant
  std::string field;   // of withdraw, grant
  std::vector<WorldCut> cuts;
};

struct WorldEntry {
  std::string name;
  std::string prev;  // empty: none
  std::size_t log = 0;
  Seq seq = 0;
  std::uint64_t control = 0;
  EntryBody body;
};

/// A delivered entry (its name) or control record (its number, from 1).
using Step = std::variant<std::string, std::uint64_t>;

struct WorldField {
  std::uint32_t number = 0;
  std::string type;  // register, multi_value, set, counter, existence
};

struct World : FieldTypes {
  std::string name;
  std::vector<WorldLog> logs;
  std::vector<WorldControl> control;
  std::vector<WorldEntry> entries;

  bool is_counter(std::uint32_t kind, std::uint32_t field) const override;

  // Names stand for ids; each is given its bytes when it is first used.
  LogId log_id(std::size_t log) const;  // the index, big-endian, so that ids sort by rank
  static AuthorKey author(const std::string& author);
  EntryHash hash(const std::string& entry);
  const std::string& entry_name(const EntryHash& hash) const { return entry_names_.at(hash); }
  RecordId record(const std::string& record);
  const std::string& record_name(const RecordId& record) const { return record_names_.at(record); }
  std::uint32_t field(const std::string& field, const std::string& type);
  const std::string& field_name(std::uint32_t number) const { return field_names_[number]; }
  const std::string& field_type(std::uint32_t number) const { return fields_.at(field_names_[number]).type; }
  /// The first record of a control log founds the realm: number 0 here.
  static ControlPosition position(std::uint64_t number);
  const WorldEntry& entry(const std::string& called) const { return entries[by_name_.at(called)]; }
  void add(WorldEntry entry);
  std::size_t log_of(const LogId& id) const;

 private:
  std::map<EntryHash, std::string> entry_names_;
  std::map<std::string, EntryHash> hashes_;
  std::map<RecordId, std::string> record_names_;
  std::map<std::string, WorldField> fields_{{"existence", {0, "existence"}}};
  std::vector<std::string> field_names_{"existence"};
  std::map<std::string, std::size_t> by_name_;
};

std::unique_ptr<World> world_from_json(const Json& json);
Json world_to_json(const World& world);
std::vector<Step> steps_from_json(const Json& json);

/// Control records as the model understands them: a right is one to a field.
class WorldRulings final : public Rulings {
 public:
  explicit WorldRulings(const World& world) : world_(world) {}
  void hold(std::uint64_t count) { held_ = count; }

  std::uint64_t newest() const override { return held_; }
  std::optional<std::uint64_t> index_of(const ControlPosition& position) const override;
  void cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const override;
  bool permits(const RuledEntry& entry, std::span<const Op> ops) const override;
  std::uint64_t rights_changed(const AuthorKey& author) const override;

 private:
  Cut cut(const WorldCut& from) const;

  const World& world_;
  std::uint64_t held_ = 0;
};

/// A replica of one world.
class WorldReplica {
 public:
  explicit WorldReplica(const World& world);
  WorldReplica(const WorldReplica&) = delete;

  /// Takes one step in and brings everything up to date.
  void take(const Step& step);
  /// The same without merging; rebuild() must follow.
  void store_only(const Step& step);
  void rebuild() { merge_->rebuild(); }

  const History& history() const { return merge_->history(); }
  const MemoryRecords& records() const { return records_; }
  MemoryLog& logs() { return logs_; }
  Merge& merge() { return *merge_; }
  const std::vector<std::string>& held() const { return held_; }
  std::uint64_t position() const { return rulings_.newest(); }

  /// {"state": {record: {field: view}}, "not_applied": {entry: state}} as the model writes it.
  Json outcome() const;
  /// All that is stored but for local handles: canonical bytes of every record, state of every entry, frontiers.
  Json canonical() const;
  /// Good until the next call.
  Arrival arrival(const WorldEntry& entry) const;

 private:
  const World& world_;
  MemoryLog logs_;
  MemoryRecords records_;
  WorldRulings rulings_;
  std::unique_ptr<Merge> merge_;
  std::vector<std::string> held_;
  mutable LogId log_id_;
  mutable AuthorKey author_;
  mutable EntryHash hash_, backlink_;
};

/// A replica that holds the same, filled in another order and evaluated from nothing.
std::unique_ptr<WorldReplica> rebuilt(const World& world, const WorldReplica& like);

}  // namespace kiz::test
