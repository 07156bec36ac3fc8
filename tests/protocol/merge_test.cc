// What the worlds do not show: notes, refusals, unknown values, sums that overflow, and that the fast path is taken.
#include "protocol/merge.h"

#include <doctest/doctest.h>

#include <limits>

#include "protocol/memory_log.h"
#include "protocol/record_view.h"

using namespace kiz;

namespace {

constexpr std::uint32_t kind = 1;
constexpr std::uint32_t title = 1, seats = 2, tags = 3;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

struct Types final : FieldTypes {
  bool is_counter(std::uint32_t, std::uint32_t field) const override { return field == seats; }
};

struct AllAllowed final : Rulings {
  std::uint64_t newest() const override { return 0; }
  std::optional<std::uint64_t> index_of(const ControlPosition& position) const override {
    return position.seq == 0 ? std::optional<std::uint64_t>{0} : std::nullopt;
  }
  void cuts_of(const LogId&, const AuthorKey&, std::vector<RuledCut>&) const override {}
  bool permits(const RuledEntry&, std::span<const Op>) const override { return true; }
  std::uint64_t rights_changed(const AuthorKey&) const override { return 0; }
};

/// Counts how often the merge asks which entries touch a record: only an evaluation does.
class CountingLog final : public LogStore {
 public:
  mutable int evaluations = 0;
  MemoryLog in;

  LogRef log_count() const override { return in.log_count(); }
  const LogInfo& log(LogRef ref) const override { return in.log(ref); }
  LogRef find_log(const LogId& id) const override { return in.find_log(id); }
  EntryRef find(const EntryHash& hash) const override { return in.find(hash); }
  EntryMeta meta(EntryRef ref) const override { return in.meta(ref); }
  EntryRef at(const Place& place) const override { return in.at(place); }
  void listings(const Place& p, LogRef c, const std::function<bool(const Listing&)>& t) const override { in.listings(p, c, t); }
  void namings(LogRef log, Seq seq, std::vector<Naming>& out) const override { in.namings(log, seq, out); }
  void foretold(const EntryHash& hash, std::vector<Foretold>& out) const override { in.foretold(hash, out); }
  void touching(const RecordId& record, std::vector<EntryRef>& out) const override {
    ++evaluations;
    in.touching(record, out);
  }
  void ops_on(EntryRef ref, const RecordId& r, std::vector<IndexedOp>& out) const override { in.ops_on(ref, r, out); }
  void ops_of(EntryRef ref, std::vector<Op>& out) const override { in.ops_of(ref, out); }
  void records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const override {
    in.records_after(after, max, out);
  }
  LogRef name_log(const LogId& id) override { return in.name_log(id); }
  void put_log(const LogInfo& info) override { in.put_log(info); }
  EntryRef put_entry(const NewEntry& entry) override { return in.put_entry(entry); }
  void set_void(EntryRef ref, bool is_void) override { in.set_void(ref, is_void); }
};

template <class Id>
Id id(int number) {
  Id out;
  out.bytes[0] = static_cast<std::uint8_t>(number);
  return out;
}

RecordId record(int number) { return {kind, id<RecordKey>(number)}; }

Op op(int on, std::uint32_t field, Mode mode, std::optional<Value> value = {}, std::vector<CellName> cells = {}) {
  return {record(on), field, mode, std::move(cells), {}, std::move(value)};
}

struct Office {
  CountingLog logs;
  MemoryRecords records;
  AllAllowed rulings;
  Types types;
  Merge merge{logs, records, rulings, types};
  std::map<int, std::pair<EntryHash, Seq>> heads;

  EntryHash write(int log, std::vector<Op> ops, std::vector<Head> seen = {}) {
    static int count = 0;
    EntryHash hash = id<EntryHash>(++count % 250);
    hash.bytes[1] = static_cast<std::uint8_t>(count / 250);
    auto& [head, seq] = heads[log];
    EntryBody body;
    body.hlc = Timestamp::of(1000 + static_cast<std::uint64_t>(count));
    body.seen = std::move(seen);
    body.ops = std::move(ops);
    const LogId in_log = id<LogId>(log);
    const AuthorKey author = id<AuthorKey>(log);
    const auto state = merge.append({in_log, author, seq + 1, head, hash, body});
    REQUIRE(state);
    CHECK(*state == EntryState::applied);
    head = hash;
    ++seq;
    return hash;
  }
  RecordState state(int on) const { return records.load(record(on)); }
};

}  // namespace

TEST_CASE("merge: notes are no records") {
  Office office;
  Op note = op(1, 1, Mode::replace, Value{std::string{"who"}});
  note.record.kind = 0;
  office.write(1, {note, op(2, title, Mode::replace, Value{std::string{"x"}})});
  CHECK(office.records.all().size() == 1);
}

TEST_CASE("merge: an entry whose predecessor is not held is refused, a second delivery changes nothing") {
  Office office;
  const LogId log = id<LogId>(1);
  const AuthorKey author = id<AuthorKey>(1);
  EntryBody body;
  body.ops = {op(1, title, Mode::replace, Value{std::string{"x"}})};
  const EntryHash first = id<EntryHash>(1), second = id<EntryHash>(2);
  CHECK(office.merge.append({log, author, 2, first, second, body}).error().code == Errc::gap);
  CHECK(office.merge.append({log, author, 1, {}, first, body}));
  CHECK(office.merge.append({log, author, 3, first, second, body}).error().code == Errc::broken_chain);
  CHECK(office.logs.find(second) == 0);
  const RecordState before = office.state(1);
  CHECK(*office.merge.append({log, author, 1, {}, first, body}) == EntryState::applied);
  CHECK(office.state(1) == before);
}

TEST_CASE("merge: entries that come in causal order never make a record evaluated from its ops") {
  Office office;
  const EntryHash a = office.write(1, {op(1, title, Mode::replace, Value{std::string{"one"}}), op(1, tags, Mode::add, Value{std::string{"t"}})});
  office.write(2, {op(1, title, Mode::replace, Value{std::string{"two"}}), op(1, tags, Mode::remove, {}, {{a, 1}})}, {{id<LogId>(1), 1, a}});
  office.write(1, {op(1, seats, Mode::add, Value{std::int64_t{3}}), op(1, field_existence, Mode::del)});
  office.write(3, {op(1, seats, Mode::add, Value{std::int64_t{4}})});
  CHECK(office.logs.evaluations == 0);
  CHECK(read_register(office.state(1), title).value->value == Value{std::string{"two"}});
  CHECK(read_set(office.state(1), tags).empty());
  CHECK(read_counter(office.state(1), seats).sum == 7);
  CHECK(read_existence(office.state(1)).existence == Existence::exists_deleted);
}

TEST_CASE("merge: a value that is not held reads as unknown, in every type") {
  Office office;
  const EntryHash a = office.write(1, {op(1, title, Mode::replace, Value{std::string{"secret"}}), op(1, seats, Mode::add, Value{std::int64_t{3}}),
                                      op(1, tags, Mode::add, Value{std::string{"t"}})});
  office.write(2, {op(1, title, Mode::replace, Value{}), op(1, seats, Mode::replace, Value{std::int64_t{10}})});
  for (const std::uint32_t index : {0u, 1u, 2u}) office.logs.in.set_value({a, index}, std::nullopt);
  office.merge.refresh(record(1));
  const RecordState state = office.state(1);

  const auto shown = read_register(state, title);
  CHECK(shown.value->value == Value{});  // emptied: not the same as unknown
  REQUIRE(shown.others.size() == 1);
  CHECK_FALSE(shown.others[0].value);
  CHECK(state.name_of(*shown.others[0].cells[0]) == CellName{a, 0});
  CHECK(read_multi_value(state, title).size() == 2);
  CHECK_FALSE(read_set(state, tags)[0].value);
  CHECK_FALSE(read_counter(state, seats).sum);
  CHECK(read_counter(state, seats).unknown == 1);

  office.logs.in.set_value({a, 1}, Value{std::int64_t{3}});
  office.merge.refresh(record(1));
  CHECK(read_counter(office.state(1), seats).sum == 13);
}

TEST_CASE("merge: two unknown values are two, two equal values are one with both authors") {
  Office office;
  const EntryHash a = office.write(1, {op(1, title, Mode::replace, Value{std::string{"same"}})});
  const EntryHash b = office.write(2, {op(1, title, Mode::replace, Value{std::string{"same"}})});
  CHECK(read_multi_value(office.state(1), title).size() == 1);
  CHECK(read_multi_value(office.state(1), title)[0].cells.size() == 2);
  office.logs.in.set_value({a, 0}, std::nullopt);
  office.logs.in.set_value({b, 0}, std::nullopt);
  office.merge.refresh(record(1));
  CHECK(read_multi_value(office.state(1), title).size() == 2);
}

TEST_CASE("merge: a counter that overflows says so, and comes back when the sum fits again") {
  Office office;
  office.write(1, {op(1, seats, Mode::replace, Value{most}), op(1, seats, Mode::add, Value{std::int64_t{1}})});
  CHECK(read_counter(office.state(1), seats).overflown);
  CHECK_FALSE(read_counter(office.state(1), seats).sum);
  office.write(2, {op(1, seats, Mode::add, Value{most}), op(1, seats, Mode::add, Value{most})});
  CHECK(read_counter(office.state(1), seats).overflown);
  office.write(3, {op(1, seats, Mode::add, Value{-most}), op(1, seats, Mode::add, Value{-most}), op(1, seats, Mode::add, Value{std::int64_t{-1}})});
  CHECK(read_counter(office.state(1), seats).sum == most);
}

TEST_CASE("merge: thousands of deltas are one sum in the record, and a base takes in those it has seen") {
  Office office;
  EntryHash last{};
  for (int n = 0; n < 300; ++n) last = office.write(1, {op(1, seats, Mode::add, Value{std::int64_t{2}})});
  CHECK(office.logs.evaluations == 0);
  CHECK(office.state(1).cells.size() == 1);  // alive
  CHECK(read_counter(office.state(1), seats).sum == 600);
  office.write(2, {op(1, seats, Mode::replace, Value{std::int64_t{5}})}, {{id<LogId>(1), 300, last}});
  office.write(1, {op(1, seats, Mode::add, Value{std::int64_t{1}})});
  const auto state = office.state(1);  // the view points into it
  const auto read = read_counter(state, seats);
  CHECK(read.sum == 6);
  CHECK(read.deltas->inside == 300);
  CHECK(read.deltas->counted == 1);
}

TEST_CASE("merge: fields and modes nobody knows merge by their mode") {
  Office office;
  const EntryHash a = office.write(1, {op(1, 777, Mode::replace, Value{Bytes{1, 2}}), op(1, 778, Mode::add, Value{std::int64_t{4}})});
  office.write(2, {op(1, 777, Mode::replace, Value{Bytes{3}}), op(1, 778, Mode::remove, {}, {{a, 1}})}, {{id<LogId>(1), 1, a}});
  CHECK(office.state(1).cells_of(777).size() == 1);
  CHECK(office.state(1).cells_of(778).empty());
  CHECK(office.state(1).fields == std::vector<std::uint32_t>{777, 778});
}
