#include "libclient/entry_index.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "protocol/entry_fields.h"

namespace kiz::entry_index {
namespace {

struct Touched {
  wire::Writer column;  // as the table holds them
  EntryRef last = 0;
};

std::set<RecordId> records_of(const EntryBody& body) {
  std::set<RecordId> out;
  for (const Op& op : body.ops) {
    if (!is_note(op)) out.insert(op.record);
  }
  return out;
}

/// Largest seq listed so far of each log, along the branches of the log that is being walked.
class RunMax {
 public:
  explicit RunMax(const LogInfo& info) : info_(info), rows_(info.branches.size()) {}

  Seq upto(BranchNo branch, Seq at, LogRef cited) const {
    for (; branch != no_branch && branch < rows_.size(); branch = info_.branches[branch].parent) {
      if (const auto found = rows_[branch].find(cited); found != rows_[branch].end()) {
        const auto behind = std::upper_bound(found->second.begin(), found->second.end(), at,
                                             [](Seq seq, const auto& row) { return seq < row.first; });
        if (behind != found->second.begin()) return std::prev(behind)->second;
      }
      at = std::min(at, info_.branches[branch].fork_seq);
    }
    return 0;
  }
  void add(BranchNo branch, Seq at, LogRef cited, Seq largest) { rows_[branch][cited].emplace_back(at, largest); }

 private:
  const LogInfo& info_;
  std::vector<std::map<LogRef, std::vector<std::pair<Seq, Seq>>>> rows_;  // per branch: `at` ascending
};

class Walk {
 public:
  virtual ~Walk() = default;

  void run() {
    for (LogRef ref = 1; ref <= store_.log_count(); ++ref) {
      const LogInfo info = store_.log(ref);
      RunMax largest{info};
      for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
        auto query = db_.query("SELECT seq, body FROM entries WHERE space = ? AND log = ? AND branch = ? ORDER BY seq");
        query << store_.number() << ref << branch;
        while (query.step()) {
          if (const auto body = unpack_body(query.blob(1))) look_at({ref, branch, query.count(0)}, *body, largest);
        }
      }
    }
  }

 protected:
  Walk(Sql& db, const SpaceStore& store) : db_(db), store_(store) {}

  virtual LogRef number_of(const LogId& log) = 0;  // 0: has none, and gets none
  virtual void listed(const Place& by, const NewEntry::Listed& row) = 0;
  virtual void foretold(const Foretold& row) = 0;
  virtual void touches(const std::set<RecordId>&) {}

  Sql& db_;
  const SpaceStore& store_;

 private:
  void look_at(const Place& place, const EntryBody& body, RunMax& largest) {
    std::map<LogRef, Seq> here;
    std::vector<NewEntry::Listed> rows;
    for (const Head& head : body.seen) {
      const LogRef cited = number_of(head.log);
      rows.push_back({cited, head.seq, head.entry, 0});
      Seq& most = here.try_emplace(cited, largest.upto(place.branch, place.seq, cited)).first->second;
      most = std::max(most, head.seq);
      if (store_.find(head.entry) == 0) foretold({head.entry, true, cited, head.seq});
    }
    for (auto& row : rows) {
      row.run_max = here[row.cited];
      listed(place, row);
    }
    for (const auto& [cited, most] : here) largest.add(place.branch, place.seq, cited, most);
    const auto tell_cell = [this](const CellName& cell) {
      if (store_.find(cell.entry) == 0) foretold({cell.entry, false, 0, 0});
    };
    for (const Op& op : body.ops) {
      if (op.origin) tell_cell(op.origin->cell);
      if (op.mode == Mode::remove) std::for_each(op.cells.begin(), op.cells.end(), tell_cell);
    }
    touches(records_of(body));
  }
};

/// What the infos of logs must say for the listings that are there. Of `suspects` no more than that follows from listings.
std::vector<LogInfo> infos_anew(Sql& db, const SpaceStore& store) {
  std::vector<LogInfo> out;
  for (LogRef ref = 1; ref <= store.log_count(); ++ref) {
    LogInfo info = store.log(ref);
    info.cited_upto = 0;
    info.misnamed = false;
    auto query = db.query("SELECT seq, entry FROM listings WHERE space = ? AND cited = ?");
    query << store.number() << ref;
    while (query.step()) {
      const Seq seq = query.count(0);
      const EntryHash entry = EntryHash::from(query.blob(1));
      info.cited_upto = std::max(info.cited_upto, seq);
      if (const EntryRef held = store.find(entry)) {
        const Place stands = store.meta(held).place;
        info.misnamed = info.misnamed || stands.log != ref || stands.seq != seq;
      }
      std::vector<Naming> namings;
      store.namings(ref, seq, namings);
      const bool two = std::any_of(namings.begin(), namings.end(), [&](const Naming& n) { return n.entry != entry; });
      const auto at = std::lower_bound(info.suspects.begin(), info.suspects.end(), seq);
      if (two && (at == info.suspects.end() || *at != seq)) info.suspects.insert(at, seq);
    }
    out.push_back(std::move(info));
  }
  return out;
}

class Count final : public Walk {
 public:
  Count(Sql& db, const SpaceStore& store) : Walk(db, store) {}

  std::uint64_t wrong() {
    run();
    wrong_ += differs("SELECT count(*) FROM listings WHERE space = ?", listings_);
    wrong_ += differs("SELECT count(*) FROM foretold f WHERE f.space = ? AND NOT EXISTS(SELECT 1 FROM entries e WHERE e.hash = f.hash AND e.space = f.space)",
                      foretold_.size());
    std::uint64_t touches = 0;
    auto records = db_.query("SELECT touched FROM records WHERE space = ?");
    records << store_.number();
    while (records.step()) touches += count_touched(records.blob(0));
    wrong_ += touches == touches_ ? 0u : 1u;
    for (const LogInfo& info : infos_anew(db_, store_)) wrong_ += info == store_.log(info.ref) ? 0u : 1u;
    return wrong_;
  }

 private:
  LogRef number_of(const LogId& log) override { return store_.find_log(log); }
  void listed(const Place& by, const NewEntry::Listed& row) override {
    ++listings_;
    auto query = db_.query(
        "SELECT 1 FROM listings WHERE space = ? AND log = ? AND branch = ? AND cited = ? AND at = ? AND seq = ? AND entry = ? "
        "AND run_max = ?");
    query << store_.number() << by.log << by.branch << row.cited << by.seq << row.seq << ByteView{row.entry} << row.run_max;
    wrong_ += query.step() ? 0u : 1u;
  }
  void foretold(const Foretold& row) override {
    if (!foretold_.emplace(row.entry, row.is_head, row.log, row.seq).second) return;
    auto query = db_.query("SELECT 1 FROM foretold WHERE space = ? AND hash = ? AND is_head = ? AND log = ? AND seq = ?");
    query << store_.number() << ByteView{row.entry} << (row.is_head ? 1 : 0) << row.log << row.seq;
    wrong_ += query.step() ? 0u : 1u;
  }
  void touches(const std::set<RecordId>& records) override { touches_ += records.size(); }

  std::uint64_t differs(const char* sql, std::uint64_t expected) {
    auto query = db_.query(sql);
    query << store_.number();
    return query.step() && query.count(0) == expected ? 0 : 1;
  }
  static std::uint64_t count_touched(ByteView column) {  // each number ends with a byte below 128
    return static_cast<std::uint64_t>(std::count_if(column.begin(), column.end(), [](std::uint8_t byte) { return byte < 0x80; }));
  }

  std::uint64_t wrong_ = 0, listings_ = 0, touches_ = 0;
  std::set<std::tuple<EntryHash, bool, LogRef, Seq>> foretold_;
};

class Rewrite final : public Walk {
 public:
  Rewrite(Sql& db, SpaceStore& store) : Walk(db, store), writable_(store) {}

  void write() {
    writable_.flush();
    (db_.query("DELETE FROM listings WHERE space = ?") << store_.number()).run();
    (db_.query("DELETE FROM foretold WHERE space = ?") << store_.number()).run();
    run();
    for (const LogInfo& info : infos_anew(db_, store_)) {
      if (info != store_.log(info.ref)) writable_.put_log(info);
    }
    write_touched();
  }

 private:
  LogRef number_of(const LogId& log) override { return writable_.name_log(log); }
  void listed(const Place& by, const NewEntry::Listed& row) override { writable_.put_listing(by, row); }
  void foretold(const Foretold& row) override { writable_.put_foretold(row); }

  // In the order of row numbers, which is not that of logs: rows that came back after a loss have later ones.
  void write_touched() {
    (db_.query("UPDATE records SET touched = x'' WHERE space = ?") << store_.number()).run();
    std::map<RecordId, Touched> touched;
    auto query = db_.query("SELECT id, body FROM entries WHERE space = ? ORDER BY id");
    query << store_.number();
    while (query.step()) {
      const EntryRef ref = query.count(0);
      const auto body = unpack_body(query.blob(1));
      if (!body) continue;
      for (const RecordId& record : records_of(*body)) {
        Touched& by = touched[record];
        by.column.varint(ref - by.last);
        by.last = ref;
      }
    }
    for (const auto& [record, by] : touched) {
      (db_.query("INSERT INTO records(space, kind, key, state, touched) VALUES(?, ?, ?, x'', ?) "
                 "ON CONFLICT(space, kind, key) DO UPDATE SET touched = excluded.touched")
       << store_.number() << record.kind << ByteView{record.key} << ByteView{by.column.bytes()})
          .run();
    }
  }

  SpaceStore& writable_;
};

}  // namespace

std::uint64_t count_wrong(Sql& db, const SpaceSlot& slot) { return Count{db, slot.store}.wrong(); }

void write_anew(Sql& db, SpaceSlot& slot) { Rewrite{db, slot.store}.write(); }

}  // namespace kiz::entry_index
