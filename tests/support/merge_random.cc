#include "tests/support/merge_random.h"

#include <algorithm>
#include <set>

#include "protocol/frontier.h"
#include "protocol/seen.h"

namespace kiz::test {
namespace {

const std::vector<std::pair<std::string, std::string>> fields{
    {"title", "register"}, {"status", "multi_value"}, {"tags", "set"}, {"seats", "counter"}};
const std::vector<std::string> records{"R1", "R2"};

class Story;

/// One installation.
class Author {
 public:
  Author(Story& story, std::string name);

  void open_log();
  void write(std::vector<Op> ops);
  void write() { write(random_ops()); }
  void adopt() { write(adopted_ops()); }
  void pull(const Author& other, bool everything);
  void note() { noted_ = Memory{replica_->held(), replica_->position(), clock_, log_, prev_}; }
  void forget_since();
  void append_control();
  const WorldReplica& replica() const { return *replica_; }

 private:
  struct Memory {
    std::vector<std::string> held;
    std::uint64_t position = 0, clock = 0;
    std::size_t log = 0;
    std::string prev;
  };

  bool holds(const std::string& name) const;
  bool is_stored(const WorldEntry& entry) const;
  bool may_write() const;
  Place own_head() const;
  std::vector<CellName> keep(const RecordId& record, std::uint32_t field);
  std::vector<Op> random_ops();
  std::vector<Op> adopted_ops();
  std::vector<Op> recreate(const RecordId& record);
  std::optional<Op> untag(const RecordId& record);
  Op op(const RecordId& record, const std::string& field, Mode mode, std::optional<Value> value = {});
  void lie(WorldEntry& entry);
  void fork_log();
  std::string any_entry();

  Story& story_;
  std::string name_;
  std::unique_ptr<WorldReplica> replica_;
  std::size_t log_ = 0;
  std::string prev_;
  std::uint64_t clock_;
  std::optional<Frontier> form_;  // what a person was shown a while ago
  std::optional<Memory> noted_;
};

class Story {
 public:
  Story(std::uint64_t seed, const WorldTraits& asked) : traits(asked), rng(seed) {
    for (const auto& [field, type] : fields) world.field(field, type);
    for (const std::string& record : records) world.record(record);
  }

  std::uint64_t below(std::uint64_t end) { return rng() % end; }
  bool chance(double share) { return std::uniform_real_distribution<>{}(rng) < share; }
  template <class C>
  const auto& pick(const C& from) { return from[below(from.size())]; }

  void tell() {
    for (const char* name : {"K", "A", "B", "C"}) authors.push_back(std::make_unique<Author>(*this, name));
    for (int step = 0; step < traits.steps; ++step) turn(*pick(authors));
  }

  const WorldTraits& traits;
  std::mt19937_64 rng;
  World world;
  std::vector<std::unique_ptr<Author>> authors;

 private:
  void turn(Author& one) {
    const double luck = std::uniform_real_distribution<>{}(rng);
    if (luck < 0.50) return one.write();
    if (luck < 0.85) return one.pull(*pick(authors), false);
    if (luck < 0.87) return traits.forks ? one.note() : void();
    if (luck < 0.94) return traits.forks ? one.forget_since() : void();
    if (luck < 0.95) return one.open_log();
    if (!traits.cuts) return;
    if (luck < 0.98 && world.control.size() < 4) return authors[0]->append_control();
    one.adopt();
  }
};

Author::Author(Story& story, std::string name)
    : story_(story), name_(std::move(name)), replica_(std::make_unique<WorldReplica>(story.world)), clock_(100 + story.below(60)) {
  open_log();
}

void Author::open_log() {
  World& world = story_.world;
  const auto own = std::count_if(world.logs.begin(), world.logs.end(), [&](const WorldLog& l) { return l.author == name_; });
  log_ = world.logs.size();
  world.logs.push_back({name_ + std::to_string(own + 1), name_});
  prev_.clear();
}

bool Author::holds(const std::string& name) const {
  return std::find(replica_->held().begin(), replica_->held().end(), name) != replica_->held().end();
}

/// Applied or void.
bool Author::is_stored(const WorldEntry& entry) const {
  const LogSource& source = replica_->history().source();
  const EntryState state = replica_->history().state(source.meta(source.find(story_.world.hash(entry.name))));
  return state == EntryState::applied || state == EntryState::void_;
}

bool Author::may_write() const {
  for (std::uint64_t index = 1; index <= replica_->position(); ++index) {
    const WorldControl& record = story_.world.control[index - 1];
    if (record.kind == "revoke" && record.author == name_) return false;
  }
  return true;
}

Place Author::own_head() const {
  if (prev_.empty()) return {};
  const LogSource& source = replica_->history().source();
  return source.meta(source.find(story_.world.hash(prev_))).place;
}

std::vector<CellName> Author::keep(const RecordId& record, std::uint32_t field) {
  if (!form_ || story_.chance(0.7)) return {};
  const auto came = came_since(replica_->history(), record, replica_->records().load(record), field, *form_);
  return came ? *came : std::vector<CellName>{};
}

Op Author::op(const RecordId& record, const std::string& field, Mode mode, std::optional<Value> value) {
  Op out;
  out.record = record;
  const auto known = std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.first == field; });
  out.field = known == fields.end() ? field_existence : story_.world.field(field, known->second);
  out.mode = mode;
  out.value = std::move(value);
  if (mode == Mode::replace || mode == Mode::del) out.cells = keep(record, out.field);
  return out;
}

std::optional<Op> Author::untag(const RecordId& record) {
  const RecordState state = replica_->records().load(record);
  std::vector<CellName> cells;
  std::optional<Value> chosen;
  for (const Cell& cell : state.cells_of(story_.world.field("tags", "set"))) {
    if (cell.kind != CellKind::added || (chosen && cell.value != chosen)) continue;
    chosen = cell.value;
    cells.push_back(state.name_of(cell));
  }
  if (cells.empty()) return std::nullopt;
  std::sort(cells.begin(), cells.end());
  Op out = op(record, "tags", Mode::remove);
  out.cells = cells;
  return out;
}

std::vector<Op> Author::recreate(const RecordId& record) {
  std::vector<Op> out{op(record, "existence", Mode::undo), op(record, "title", Mode::replace, "new" + std::to_string(story_.below(99))),
                      op(record, "status", Mode::replace, Null{}),
                      op(record, "seats", Mode::replace, static_cast<std::int64_t>(story_.below(50)))};
  for (Op& made : out) made.cells.clear();
  return out;
}

std::vector<Op> Author::random_ops() {
  static const std::vector<std::string> names{"title", "title", "status", "tags", "seats", "seats", "seats", "delete", "undo"};
  static const std::vector<int> counts{1, 1, 1, 2, 3};
  std::vector<Op> ops;
  for (int left = story_.pick(counts); left > 0; --left) {
    const RecordId record = story_.world.record(story_.pick(records));
    const std::string& what = story_.pick(names);
    const auto number = static_cast<std::int64_t>(story_.below(50));
    if (what == "delete") {
      ops.push_back(op(record, "existence", Mode::del));
    } else if (what == "undo") {
      const RecordState state = replica_->records().load(record);
      const auto cells = state.cells_of(field_existence);
      const bool deleted = std::all_of(cells.begin(), cells.end(), [](const Cell& c) { return c.kind == CellKind::mark; });
      if (cells.empty()) continue;
      if (deleted && ops.empty() && story_.chance(0.5)) return recreate(record);
      ops.push_back(op(record, "existence", Mode::undo));
    } else if (what == "tags" && story_.chance(0.4)) {
      if (auto made = untag(record)) ops.push_back(*made);
    } else if (what == "tags") {
      ops.push_back(op(record, what, Mode::add, std::string(1, static_cast<char>('x' + story_.below(3)))));
    } else if (what == "seats" && story_.chance(0.75)) {
      ops.push_back(op(record, what, Mode::add, number % 7 - 1));
    } else if (what == "seats") {
      ops.push_back(op(record, what, Mode::replace, number));
    } else {
      ops.push_back(op(record, what, Mode::replace, "v" + std::to_string(story_.below(1000))));
    }
  }
  return ops;
}

/// A person enters one op from beyond a cut anew; keep lists what lives in the field now.
std::vector<Op> Author::adopted_ops() {
  std::vector<std::pair<const WorldEntry*, std::uint32_t>> lost;
  for (const std::string& name : replica_->held()) {
    const WorldEntry& entry = story_.world.entry(name);
    if (is_stored(entry)) continue;
    for (std::uint32_t at = 0; at < entry.body.ops.size(); ++at) {
      if (asserts_value(entry.body.ops[at]) && !entry.body.ops[at].origin) lost.emplace_back(&entry, at);
    }
  }
  if (lost.empty()) return {};
  const auto [entry, index] = story_.pick(lost);
  Op out = entry->body.ops[index];
  out.origin = Origin{{story_.world.hash(entry->name), index}, entry->body.hlc};
  if (out.mode == Mode::replace) {
    const RecordState state = replica_->records().load(out.record);
    for (const Cell& cell : state.cells_of(out.field)) {
      if (story_.chance(0.7)) out.cells.push_back(state.name_of(cell));
    }
    std::sort(out.cells.begin(), out.cells.end());
    out.cells.erase(std::unique(out.cells.begin(), out.cells.end()), out.cells.end());
  }
  return {out};
}

std::string Author::any_entry() {
  const auto& entries = story_.world.entries;
  return entries.empty() ? "nothing" : story_.pick(entries).name;
}

void Author::lie(WorldEntry& entry) {
  World& world = story_.world;
  EntryBody& body = entry.body;
  switch (story_.below(6)) {
    case 0: {  // a head with a false number, of another log, or that never was
      const std::size_t log = story_.below(world.logs.size());
      const std::string named = story_.chance(0.7) ? any_entry() : "never-" + std::to_string(story_.below(5));
      body.seen.push_back({world.log_id(log), 1 + story_.below(6), world.hash(named)});
      break;
    }
    case 1: body.seen.clear(); break;
    case 2: entry.control = story_.below(6); break;
    case 3: {  // removes what it never saw
      Op out = op(world.record(story_.pick(records)), "tags", Mode::remove);
      for (int n = 0; n < 3; ++n) out.cells.push_back({world.hash(any_entry()), static_cast<std::uint32_t>(story_.below(3))});
      body.ops.push_back(out);
      break;
    }
    case 4:  // claims to enter anew what stands
      for (Op& made : body.ops) {
        if (asserts_value(made)) made.origin = Origin{{world.hash(any_entry()), static_cast<std::uint32_t>(story_.below(2))}, Timestamp::of(1 + story_.below(300))};
      }
      break;
    default:
      for (Op& made : body.ops) {
        if (made.mode == Mode::replace) made.cells.push_back({world.hash(any_entry()), static_cast<std::uint32_t>(story_.below(2))});
      }
  }
  std::sort(body.seen.begin(), body.seen.end());
  body.seen.erase(std::unique(body.seen.begin(), body.seen.end()), body.seen.end());
  for (Op& made : body.ops) {
    std::sort(made.cells.begin(), made.cells.end());
    made.cells.erase(std::unique(made.cells.begin(), made.cells.end()), made.cells.end());
  }
}

/// Goes on after any earlier entry of the own log, or from its beginning.
void Author::fork_log() {
  while (!prev_.empty() && story_.chance(0.6)) prev_ = story_.world.entry(prev_).prev;
}

void Author::write(std::vector<Op> ops) {
  World& world = story_.world;
  if (!may_write()) return;
  const LogSource& source = replica_->history().source();
  if (const LogRef own = source.find_log(world.log_id(log_)); own != 0 && replica_->history().newest_cut(own, replica_->position())) {
    open_log();
  }
  if (ops.empty()) return;
  if (story_.traits.forks && story_.chance(0.12)) note();
  if (story_.traits.hostile && name_ == "C" && story_.chance(0.1)) fork_log();
  const Frontier now = frontier_of(replica_->history(), Reach::applied);
  WorldEntry entry;
  entry.name = "e" + std::to_string(world.entries.size() + 1);
  entry.prev = prev_;
  entry.log = log_;
  entry.seq = prev_.empty() ? 1 : world.entry(prev_).seq + 1;
  entry.control = replica_->position();
  entry.body.seen = seen_since(replica_->history(), own_head(), now);
  entry.body.ops = std::move(ops);
  clock_ += story_.below(3);
  entry.body.hlc = Timestamp::of(clock_);
  if (story_.traits.hostile && name_ == "C" && story_.chance(0.6)) lie(entry);
  entry.body.control = World::position(entry.control);
  prev_ = entry.name;
  world.add(std::move(entry));
  replica_->take(prev_);
  if (story_.chance(0.3)) form_ = now;
}

void Author::pull(const Author& other, bool everything) {
  std::map<std::size_t, std::vector<std::string>> by_log;
  for (const std::string& name : other.replica().held()) by_log[story_.world.entry(name).log].push_back(name);
  std::vector<std::vector<std::string>> logs;
  for (auto& [log, names] : by_log) logs.push_back(names);
  std::shuffle(logs.begin(), logs.end(), story_.rng);
  for (const auto& names : logs) {
    for (const std::string& name : names) {
      if (!everything && story_.chance(0.25)) break;
      const std::string& prev = story_.world.entry(name).prev;
      if (!holds(name) && (prev.empty() || holds(prev))) replica_->take(name);
    }
    if (!everything && story_.chance(0.3)) break;
  }
  if ((everything || story_.chance(0.5)) && other.replica().position() > replica_->position()) {
    replica_->take(other.replica().position());
  }
}

/// The machine is set back to what it had noted, and does not know it.
void Author::forget_since() {
  if (!noted_) return;
  replica_ = std::make_unique<WorldReplica>(story_.world);
  replica_->take(noted_->position);
  for (const std::string& name : noted_->held) replica_->take(name);
  clock_ = noted_->clock;
  log_ = noted_->log;
  prev_ = noted_->prev;
  form_.reset();
}

/// The Kreis ends a log, moves its end, revokes a key, withdraws a right or gives it back.
void Author::append_control() {
  World& world = story_.world;
  noted_.reset();  // a restored Kreis has its control log confirmed by others first
  if (replica_->position() < world.control.size()) replica_->take(std::uint64_t{world.control.size()});
  if (replica_->held().empty()) return;
  const LogSource& source = replica_->history().source();
  const auto place = [&](const std::string& name) { return source.meta(source.find(world.hash(name))).place; };
  const auto cut_at = [&](const std::string& name) {
    const WorldEntry& entry = world.entry(name);
    WorldCut cut{entry.log, entry.seq, name, {}};
    for (const std::string& other : replica_->held()) {
      const Place a = place(name), b = place(other);
      if (a.log != b.log || replica_->history().is_ancestor(a, b) || replica_->history().is_ancestor(b, a)) continue;
      const Seq shared = replica_->history().last_shared(a, b);
      cut.fork = std::min(cut.fork.value_or(shared), shared);
    }
    if (story_.traits.hostile && story_.chance(0.1)) cut.fork = story_.below(entry.seq + 1);
    if (story_.traits.hostile && story_.chance(0.1)) cut.head = any_entry();
    return cut;
  };
  static const std::vector<std::string> kinds{"cut", "cut", "cut", "revoke", "withdraw", "withdraw", "grant"};
  const std::string target = story_.pick(replica_->held());
  WorldControl record;
  record.kind = story_.pick(kinds);
  record.author = world.logs[world.entry(target).log].author;
  if (record.kind == "revoke" && record.author == name_) record.kind = "cut";
  if (record.kind != "grant") record.cuts.push_back(cut_at(target));
  if (record.kind == "cut") record.author.clear();
  if (record.kind == "withdraw" || record.kind == "grant") record.field = story_.pick(fields).first;
  if (record.kind == "grant") {
    for (const WorldControl& earlier : world.control) {
      if (earlier.kind == "withdraw") {
        record.author = earlier.author;
        record.field = earlier.field;
      }
    }
  }
  world.control.push_back(record);
  replica_->take(std::uint64_t{world.control.size()});
}

}  // namespace

std::unique_ptr<World> random_world(std::uint64_t seed, const WorldTraits& traits) {
  Story story{seed, traits};
  story.tell();
  std::set<std::string> held;
  for (const auto& author : story.authors) held.insert(author->replica().held().begin(), author->replica().held().end());
  Json json = world_to_json(story.world);
  Json kept = Json::array();
  for (const Json& entry : json["entries"]) {
    if (held.count(entry["name"]) != 0) kept.push_back(entry);
  }
  json["entries"] = kept;
  json["name"] = "random-" + std::to_string(seed);
  return world_from_json(json);
}

std::vector<Step> random_order(const World& world, std::mt19937_64& rng) {
  std::vector<std::string> waiting;
  for (const WorldEntry& entry : world.entries) waiting.push_back(entry.name);
  std::set<std::string> out_names;
  std::vector<Step> out;
  std::uint64_t next = 1;
  const bool late = rng() % 3 == 0;
  while (!waiting.empty() || next <= world.control.size()) {
    const std::size_t records_left = world.control.size() - next + 1;
    const bool control = records_left > 0 && (waiting.empty() || (!late && rng() % (records_left + waiting.size()) < records_left));
    if (control) {
      out.emplace_back(next++);
      continue;
    }
    std::size_t at = rng() % waiting.size();
    const std::string& prev = world.entry(waiting[at]).prev;
    if (!prev.empty() && out_names.count(prev) == 0) continue;
    out.emplace_back(waiting[at]);
    out_names.insert(waiting[at]);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return out;
}

}  // namespace kiz::test
