#include "tests/support/merge_world.h"

#include <algorithm>

#include "protocol/crypto.h"
#include "protocol/frontier.h"
#include "protocol/record_view.h"

namespace kiz::test {
namespace {

template <class Id>
Id id_of(const char* label, const std::string& name) { return Id::from(crypto::hash(label, view(name))); }

Value value_from(const Json& json) {
  if (json.is_number()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  return Null{};
}

Json value_to(const Value& value) {
  if (const auto* number = as_int(value)) return *number;
  if (const auto* text = as_text(value)) return *text;
  return nullptr;
}

Json shown(const Reading& reading) { return reading.value ? value_to(*reading.value) : Json("unknown"); }

Json shown(const std::vector<Reading>& readings) {
  Json out = Json::array();
  for (const Reading& reading : readings) out.push_back(shown(reading));
  return out;
}

Json view_of(const std::string& type, const RecordState& state, std::uint32_t field) {
  if (type == "register") {
    const RegisterView read = read_register(state, field);
    return {{"value", read.value ? shown(*read.value) : Json()}, {"others", shown(read.others)}};
  }
  if (type == "multi_value") return {{"values", shown(read_multi_value(state, field))}};
  if (type == "set") return {{"elements", shown(read_set(state, field))}};
  const CounterView read = read_counter(state, field);
  return {{"sum", read.sum ? Json(*read.sum) : Json("unknown")}};
}

const char* word(Existence existence) {
  constexpr const char* words[] = {"absent", "exists", "exists_deleted", "deleted"};
  return words[static_cast<std::size_t>(existence)];
}

Op op_from(World& world, const Json& json) {
  Op op;
  op.record = world.record(json["record"]);
  const std::string type = json["type"], mode = json["mode"];
  op.field = world.field(json["field"], type);
  const Json value = json.value("value", Json());
  if (type == "existence") {
    op.mode = value == "delete" ? Mode::del : Mode::undo;
  } else {
    op.mode = mode == "add" ? Mode::add : mode == "remove" ? Mode::remove : Mode::replace;
  }
  if (asserts_value(op)) op.value = value_from(value);
  for (const char* key : {"keep", "remove"}) {
    for (const Json& cell : json.value(key, Json::array())) op.cells.push_back({world.hash(cell[0]), cell[1]});
  }
  std::sort(op.cells.begin(), op.cells.end());
  op.cells.erase(std::unique(op.cells.begin(), op.cells.end()), op.cells.end());
  if (json.contains("origin")) {
    const Json& cell = json["origin"]["cell"];
    op.origin = Origin{{world.hash(cell[0]), cell[1]}, Timestamp::of(json["origin"]["hlc"].get<std::uint64_t>())};
  }
  return op;
}

Json op_to(const World& world, const Op& op) {
  Json out{{"record", world.record_name(op.record)}, {"field", world.field_name(op.field)},
           {"type", world.field_type(op.field)}};
  constexpr const char* modes[] = {"replace", "add", "remove", "replace", "replace"};
  out["mode"] = modes[static_cast<std::size_t>(op.mode)];
  if (is_existence_op(op)) out["value"] = op.mode == Mode::del ? "delete" : "undo";
  if (op.value) out["value"] = value_to(*op.value);
  for (const CellName& cell : op.cells) {
    out[op.mode == Mode::remove ? "remove" : "keep"].push_back({world.entry_name(cell.entry), cell.op});
  }
  if (op.origin) {
    out["origin"] = {{"cell", {world.entry_name(op.origin->cell.entry), op.origin->cell.op}},
                     {"hlc", op.origin->hlc.millis()}};
  }
  return out;
}

}  // namespace

// ---- names ---------------------------------------------------------------------------------------------------------

bool World::is_counter(std::uint32_t, std::uint32_t field) const {
  return field < field_names_.size() && field_type(field) == "counter";
}

LogId World::log_id(std::size_t log) const {
  LogId out;
  for (std::size_t byte = 0; byte < 8; ++byte) out.bytes[31 - byte] = static_cast<std::uint8_t>((log + 1) >> (8 * byte));
  return out;
}

std::size_t World::log_of(const LogId& id) const {
  std::size_t out = 0;
  while (log_id(out) != id) ++out;
  return out;
}

AuthorKey World::author(const std::string& author) { return id_of<AuthorKey>("test author", author); }

EntryHash World::hash(const std::string& entry) {
  // A name's own bytes, so that entries sort by hash as the model sorts them by name.
  KIZ_ASSERT(entry.size() <= EntryHash::size_bytes);
  EntryHash bytes;
  std::copy(entry.begin(), entry.end(), bytes.bytes.begin());
  const auto [at, is_new] = hashes_.try_emplace(entry, bytes);
  if (is_new) entry_names_[at->second] = entry;
  return at->second;
}

RecordId World::record(const std::string& record) {
  const RecordId out{1, id_of<RecordKey>("test record", record)};
  record_names_[out] = record;
  return out;
}

std::uint32_t World::field(const std::string& field, const std::string& type) {
  const auto [at, is_new] = fields_.try_emplace(field, WorldField{static_cast<std::uint32_t>(field_names_.size()), type});
  if (is_new) field_names_.push_back(field);
  return at->second.number;
}

ControlPosition World::position(std::uint64_t number) {
  return {1, number + 1, id_of<ControlHash>("test control", std::to_string(number))};
}

void World::add(WorldEntry entry) {
  hash(entry.name);
  by_name_[entry.name] = entries.size();
  entries.push_back(std::move(entry));
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

std::unique_ptr<World> world_from_json(const Json& json) {
  auto world = std::make_unique<World>();
  world->name = json["name"];
  std::map<std::string, std::size_t> logs;
  for (const Json& log : json["logs"]) {
    logs[log["name"]] = world->logs.size();
    world->logs.push_back({log["name"], log["author"]});
  }
  for (const Json& record : json["control"]) {
    WorldControl made{record["kind"], record.value("author", ""), record.value("field", ""), {}};
    for (const Json& cut : record.value("cuts", Json::array())) {
      auto& to = made.cuts.emplace_back();
      to.log = logs.at(cut["log"]);
      to.seq = cut["seq"];
      if (!cut["head"].is_null()) to.head = cut["head"];
      if (!to.head.empty()) world->hash(to.head);
      if (cut.contains("fork")) to.fork = cut["fork"].get<Seq>();
    }
    world->control.push_back(std::move(made));
  }
  for (const Json& from : json["entries"]) {
    WorldEntry entry;
    entry.name = from["name"];
    if (!from["prev"].is_null()) entry.prev = from["prev"];
    entry.log = logs.at(from["log"]);
    entry.seq = from["seq"];
    entry.control = from["control"];
    entry.body.hlc = Timestamp::of(from["hlc"].get<std::uint64_t>());
    entry.body.control = World::position(entry.control);
    for (const Json& head : from["seen"]) {
      entry.body.seen.push_back({world->log_id(logs.at(head[0])), head[1], world->hash(head[2])});
    }
    std::sort(entry.body.seen.begin(), entry.body.seen.end());
    for (const Json& op : from["ops"]) entry.body.ops.push_back(op_from(*world, op));
    entry.body.salt = Salt{};
    world->add(std::move(entry));
  }
  return world;
}

Json world_to_json(const World& world) {
  Json out{{"name", world.name}, {"logs", Json::array()}, {"control", Json::array()}, {"entries", Json::array()}};
  for (const WorldLog& log : world.logs) out["logs"].push_back({{"name", log.name}, {"author", log.author}});
  for (const WorldControl& record : world.control) {
    Json made{{"kind", record.kind}};
    if (!record.author.empty()) made["author"] = record.author;
    if (!record.field.empty()) made["field"] = record.field;
    for (const WorldCut& cut : record.cuts) {
      Json to{{"log", world.logs[cut.log].name}, {"seq", cut.seq}, {"head", cut.head.empty() ? Json() : Json(cut.head)}};
      if (cut.fork) to["fork"] = *cut.fork;
      made["cuts"].push_back(to);
    }
    out["control"].push_back(made);
  }
  for (const WorldEntry& entry : world.entries) {
    Json made{{"name", entry.name}, {"log", world.logs[entry.log].name}, {"seq", entry.seq},
              {"prev", entry.prev.empty() ? Json() : Json(entry.prev)}, {"hlc", entry.body.hlc.millis()},
              {"control", entry.control}, {"seen", Json::array()}, {"ops", Json::array()}};
    for (const Head& head : entry.body.seen) {
      made["seen"].push_back({world.logs[world.log_of(head.log)].name, head.seq, world.entry_name(head.entry)});
    }
    for (const Op& op : entry.body.ops) made["ops"].push_back(op_to(world, op));
    out["entries"].push_back(made);
  }
  return out;
}

std::vector<Step> steps_from_json(const Json& json) {
  std::vector<Step> out;
  for (const Json& step : json) {
    if (step.is_number()) {
      out.emplace_back(step.get<std::uint64_t>());
    } else {
      out.emplace_back(step.get<std::string>());
    }
  }
  return out;
}

// ---- rulings -------------------------------------------------------------------------------------------------------

std::optional<std::uint64_t> WorldRulings::index_of(const ControlPosition& position) const {
  const std::uint64_t number = position.seq - 1;
  if (position.seq == 0 || number > held_ || position != World::position(number)) return std::nullopt;
  return number;
}

Cut WorldRulings::cut(const WorldCut& from) const {
  Cut out;
  out.log = world_.log_id(from.log);
  out.seq = from.seq;
  if (!from.head.empty()) out.head = const_cast<World&>(world_).hash(from.head);
  out.fork = from.fork;
  return out;
}

void WorldRulings::cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const {
  for (std::uint64_t index = 1; index <= held_; ++index) {
    const WorldControl& record = world_.control[index - 1];
    const bool ends = record.kind == "cut" || record.kind == "revoke";
    bool named = false;
    for (auto from = record.cuts.rbegin(); from != record.cuts.rend(); ++from) {  // of two, the model takes the first
      if (world_.log_id(from->log) != log) continue;
      out.push_back({index, ends, cut(*from)});
      named = true;
    }
    if (!named && record.kind == "revoke" && World::author(record.author) == author) {
      Cut all;
      all.log = log;
      out.push_back({index, true, all});
    }
  }
}

bool WorldRulings::permits(const RuledEntry& entry, std::span<const Op> ops) const {
  const auto concerns = [&](const WorldControl& record, const Op& op, const char* kind) {
    return record.kind == kind && World::author(record.author) == entry.author() &&
           record.field == world_.field_name(op.field);
  };
  for (const Op& op : ops) {
    for (std::uint64_t index = 1; index <= held_; ++index) {
      const WorldControl& record = world_.control[index - 1];
      if (!concerns(record, op, "withdraw")) continue;
      const WorldCut* end = nullptr;
      for (const WorldCut& from : record.cuts) {
        if (world_.log_id(from.log) == entry.log()) end = &from;
      }
      const bool kept = end && entry.within(cut(*end));
      bool granted = false;
      for (std::uint64_t later = index + 1; later <= entry.index(); ++later) {
        granted |= concerns(world_.control[later - 1], op, "grant");
      }
      if (!kept && !granted) return false;
    }
  }
  return true;
}

std::uint64_t WorldRulings::rights_changed(const AuthorKey& author) const {
  for (std::uint64_t index = held_; index > 0; --index) {
    const WorldControl& record = world_.control[index - 1];
    if (record.kind == "withdraw" && World::author(record.author) == author) return index;
  }
  return 0;
}

// ---- replica -------------------------------------------------------------------------------------------------------

WorldReplica::WorldReplica(const World& world) : world_(world), rulings_(world) {
  merge_ = std::make_unique<Merge>(logs_, records_, rulings_, world_);
}

Arrival WorldReplica::arrival(const WorldEntry& entry) const {
  World& names = const_cast<World&>(world_);
  log_id_ = world_.log_id(entry.log);
  author_ = World::author(world_.logs[entry.log].author);
  hash_ = names.hash(entry.name);
  backlink_ = entry.prev.empty() ? EntryHash{} : names.hash(entry.prev);
  return {log_id_, author_, entry.seq, backlink_, hash_, entry.body};
}

void WorldReplica::take(const Step& step) {
  if (const auto* number = std::get_if<std::uint64_t>(&step)) {
    rulings_.hold(*number);
    merge_->follow_control();
    return;
  }
  const auto state = merge_->append(arrival(world_.entry(std::get<std::string>(step))));
  KIZ_ASSERT(state);
  held_.push_back(std::get<std::string>(step));
}

void WorldReplica::store_only(const Step& step) {
  if (const auto* number = std::get_if<std::uint64_t>(&step)) {
    rulings_.hold(*number);
    return;
  }
  KIZ_ASSERT(take_in(logs_, merge_->history(), arrival(world_.entry(std::get<std::string>(step)))));
  held_.push_back(std::get<std::string>(step));
}

Json WorldReplica::outcome() const {
  Json state = Json::object();
  for (const auto& [record, stored] : records_.all()) {
    Json& views = state[world_.record_name(record)];
    for (const std::uint32_t field : stored.fields) {
      views[world_.field_name(field)] = view_of(world_.field_type(field), stored, field);
    }
    views["existence"] = {{"existence", word(read_existence(stored).existence)}};
  }
  Json not_applied = Json::object();
  for (const std::string& name : held_) {
    const EntryState found = history().state(logs_.meta(logs_.find(const_cast<World&>(world_).hash(name))));
    if (found != EntryState::applied) not_applied[name] = kiz::name(found);
  }
  return {{"state", state}, {"not_applied", not_applied}};
}

Json WorldReplica::canonical() const {
  Json out{{"records", Json::object()}, {"states", Json::object()}};
  for (const auto& [record, stored] : records_.all()) {
    out["records"][world_.record_name(record)] = to_hex(encode_record(stored));
  }
  for (const std::string& name : held_) {
    const EntryState found = history().state(logs_.meta(logs_.find(const_cast<World&>(world_).hash(name))));
    out["states"][name] = kiz::name(found);
  }
  for (const Reach reach : {Reach::applied, Reach::held}) out["frontiers"].push_back(to_hex(frontier_of(history(), reach).digest()));
  return out;
}

std::unique_ptr<WorldReplica> rebuilt(const World& world, const WorldReplica& like) {
  auto out = std::make_unique<WorldReplica>(world);
  std::vector<std::string> order = like.held();
  std::sort(order.begin(), order.end(), [&](const std::string& a, const std::string& b) {
    return std::tuple{world.entry(a).seq, a} < std::tuple{world.entry(b).seq, b};
  });
  out->store_only(like.position());
  for (const std::string& name : order) out->store_only(name);
  out->rebuild();
  return out;
}

}  // namespace kiz::test
