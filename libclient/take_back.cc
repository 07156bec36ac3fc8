#include "libclient/take_back.h"

#include <algorithm>

namespace kiz {
namespace {

// The entries of a space as if some of them had never been written.
class Without final : public LogSource {
 public:
  Without(const LogSource& all, const std::set<EntryRef>& gone) : all_(all), gone_(gone) {}

  LogRef log_count() const override { return all_.log_count(); }
  const LogInfo& log(LogRef ref) const override { return all_.log(ref); }
  LogRef find_log(const LogId& id) const override { return all_.find_log(id); }
  EntryRef find(const EntryHash& hash) const override { return all_.find(hash); }
  EntryMeta meta(EntryRef ref) const override { return all_.meta(ref); }
  EntryRef at(const Place& place) const override { return all_.at(place); }
  void listings(const Place& citing, LogRef cited, const std::function<bool(const Listing&)>& take) const override {
    all_.listings(citing, cited, take);
  }
  void namings(LogRef log, Seq seq, std::vector<Naming>& out) const override { all_.namings(log, seq, out); }
  void foretold(const EntryHash& hash, std::vector<Foretold>& out) const override { all_.foretold(hash, out); }
  void touching(const RecordId& record, std::vector<EntryRef>& out) const override {
    all_.touching(record, out);
    std::erase_if(out, [&](EntryRef ref) { return gone_.contains(ref); });
  }
  void ops_on(EntryRef ref, const RecordId& record, std::vector<IndexedOp>& out) const override { all_.ops_on(ref, record, out); }
  void ops_of(EntryRef ref, std::vector<Op>& out) const override { all_.ops_of(ref, out); }
  void records_after(const std::optional<RecordId>& after, std::size_t max, std::vector<RecordId>& out) const override {
    all_.records_after(after, max, out);
  }

 private:
  const LogSource& all_;
  const std::set<EntryRef>& gone_;
};

class TakeBack {
 public:
  TakeBack(const SpaceSlot& slot, std::set<EntryHash> hashes) : slot_(slot), hashes_(std::move(hashes)) {
    for (const EntryHash& hash : hashes_) {
      if (const EntryRef ref = slot_.store.find(hash)) refs_.insert(ref);
    }
  }

  Result<void> into(Edit& edit) {
    std::set<RecordId> records;
    for (const EntryRef ref : refs_) {
      std::vector<Op> ops;
      slot_.store.ops_of(ref, ops);
      for (const Op& op : ops) {
        if (is_note(op)) continue;
        records.insert(op.record);
        if (op.mode == Mode::add && slot_.fields.is_counter(op.record.kind, op.field) && op.value) {
          if (const auto* delta = as_int(*op.value)) deltas_[{op.record, op.field}] += *delta;
        }
      }
    }
    const Without source{slot_.store, refs_};
    const History before{source, slot_.rulings};
    for (const RecordId& record : records) {
      const RecordView then = view_of(space(), record, evaluate_record(before, slot_.fields, record));
      const RecordView now = view_of(space(), record, slot_.store.load(record));
      if (auto restored = restore(record, then, now, edit); !restored) return restored;
    }
    return {};
  }

 private:
  const Space& space() const { return slot_.store.space(); }

  Result<void> restore(const RecordId& record, const RecordView& then, const RecordView& now, Edit& edit) {
    if (!then.exists()) {
      edit.del(space(), record);  // it was made, or brought back, by what is taken back
      return {};
    }
    if (!now.exists()) edit.undo(space(), record);
    for (const FieldView& field : now.fields) {
      const FieldView* earlier = then.field(field.field);
      const FieldView nothing{field.field, field.type, {}, 0, false};
      if (auto good = restore_field(record, earlier != nullptr ? *earlier : nothing, field, edit); !good) return good;
    }
    return {};
  }

  Result<void> restore_field(const RecordId& record, const FieldView& then, const FieldView& now, Edit& edit) {
    const auto ours = [&](const CellView& cell) { return hashes_.contains(cell.name.entry); };
    switch (now.type) {
      case MergeType::counter:
        if (const auto delta = deltas_.find({record, now.field}); delta != deltas_.end()) {
          edit.add(space(), record, now.field, Value{-delta->second});
        }
        if (!now.cells.empty() && ours(now.cells.front())) edit.set(space(), record, now.field, Value{then.sum});
        return {};
      case MergeType::set:
        for (const CellView& cell : now.cells) {
          if (ours(cell) && cell.value) edit.remove(space(), record, now.field, *cell.value);
        }
        for (const CellView& cell : then.cells) {
          const bool still = std::any_of(now.cells.begin(), now.cells.end(), [&](const auto& c) { return c.value == cell.value; });
          if (!still && cell.value) edit.add(space(), record, now.field, *cell.value);
        }
        return {};
      case MergeType::register_:
      case MergeType::multi_value:
        if (now.cells.empty() || std::none_of(now.cells.begin(), now.cells.end(), ours)) return {};
        if (now.disputed() || then.disputed()) return Error{Errc::conflict_open, "field"};
        if (!then.cells.empty() && !then.cells.front().value) return Error{Errc::not_found, "value"};
        edit.set(space(), record, now.field, then.cells.empty() ? Value{Null{}} : *then.cells.front().value);
        return {};
    }
    return {};
  }

  const SpaceSlot& slot_;
  std::set<EntryHash> hashes_;
  std::set<EntryRef> refs_;
  std::map<std::pair<RecordId, std::uint32_t>, std::int64_t> deltas_;
};

}  // namespace

Result<Committed> take_back_last(ReplicaCore& core, const Actor& actor) {
  std::int64_t number = 0;
  std::set<EntryHash> hashes;
  {
    auto query = core.db().query("SELECT number, entries FROM own_commits ORDER BY number DESC LIMIT 1");
    if (!query.step()) return Error{Errc::not_found, "commit"};
    number = query.number(0);
    const ByteView all = query.blob(1);
    for (std::size_t at = 0; at + EntryHash::size_bytes <= all.size(); at += EntryHash::size_bytes) {
      hashes.insert(EntryHash::from(all.subspan(at, EntryHash::size_bytes)));
    }
  }
  Edit edit;
  for (const SpaceSlot* slot : core.slots()) {
    if (auto taken = TakeBack{*slot, hashes}.into(edit); !taken) return taken.error();
  }
  auto committed = core.commit(edit, actor);
  if (!committed) return committed;
  // Taking back again goes one commit further, it does not bring the last one back. What was taken back and what took it
  // back cancel out: the commit before is taken back as if neither had been.
  Bytes cancelled;
  for (const EntryHash& hash : committed->entries) hashes.insert(hash);
  for (const EntryHash& hash : hashes) cancelled.insert(cancelled.end(), hash.bytes.begin(), hash.bytes.end());
  auto forgotten = core.write([&]() -> Result<void> {
    (core.db().query("DELETE FROM own_commits WHERE number >= ?") << number).run();
    (core.db().query("UPDATE own_commits SET entries = CAST(entries || ? AS BLOB) "
                     "WHERE number = (SELECT max(number) FROM own_commits)")
     << ByteView{cancelled})
        .run();
    return {};
  });
  if (!forgotten) return forgotten.error();
  return committed;
}

}  // namespace kiz
