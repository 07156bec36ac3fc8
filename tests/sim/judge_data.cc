// What readers see, against the model; bodies as they are stored, and hashes, byte for byte.
#include <algorithm>

#include "libclient/replica_core.h"
#include "protocol/entry_fields.h"
#include "tests/sim/checkers.h"
#include "tests/sim/model.h"

namespace kiz::sim {
namespace {

std::string name_of(const Space& space) {
  return space.owner + "/" + std::to_string(static_cast<std::uint32_t>(space.collection));
}

std::string text_of_view(const FieldView& field) {
  if (field.type == MergeType::counter) return "sum " + std::to_string(field.sum);
  std::vector<std::string> values;
  for (const CellView& cell : field.cells) values.push_back(cell.value ? text_of(*cell.value) : "unknown");
  if (field.type != MergeType::register_) std::sort(values.begin(), values.end());
  std::string out = field.type == MergeType::register_ ? "register" : field.type == MergeType::set ? "set" : "values";
  for (const std::string& value : values) out += " | " + value;
  return out;
}

Shown shown_by(const Replica& replica, const Space& space, const Shown& asked) {
  static constexpr const char* words[] = {"absent", "exists", "exists_deleted", "deleted"};
  Shown out;
  std::optional<RecordId> last;
  for (const auto& [place, text] : asked) {
    if (last == place.first) continue;
    last = place.first;
    const auto view = replica.read(space, place.first);
    if (!view) continue;
    out[{place.first, 0}] = words[static_cast<std::size_t>(view->existence)];
    for (const FieldView& field : view->fields) out[{place.first, field.field}] = text_of_view(field);
  }
  return out;
}

// Each body is hashed in its place: another place would show.
std::vector<ModelEntry> entries_of(const SpaceSlot& slot, const std::string& holder, Verdict& out) {
  std::vector<ModelEntry> entries;
  for (LogRef ref = 1; ref <= slot.store.log_count(); ++ref) {
    const LogInfo& info = slot.store.log(ref);
    for (BranchNo branch = 0; branch < info.branches.size(); ++branch) {
      for (Seq seq = info.branches[branch].fork_seq + 1; seq <= info.branches[branch].tip; ++seq) {
        ModelEntry entry;
        entry.log = info.id;
        entry.author = info.author;
        entry.seq = seq;
        if (seq > 1) {
          BranchNo at = branch;
          while (seq - 1 <= info.branches[at].fork_seq) at = info.branches[at].parent;
          entry.before = slot.store.meta(slot.store.at({ref, at, seq - 1})).hash;
        }
        const EntryRef stored = slot.store.at({ref, branch, seq});
        entry.hash = slot.store.meta(stored).hash;
        entry.body = slot.store.body(stored);
        const EntryHash before = seq > 1 ? entry.before : EntryHash::from(info.id);
        if (entry_hash(header_of(entry.body, info.id, seq, before)) != entry.hash) {
          out.findings.push_back(holder + " holds a body that is not what its hash says in " + name_of(slot.store.space()));
        }
        entries.push_back(std::move(entry));
      }
    }
  }
  return entries;
}

// The bytes at rest are the one spelling of what they say.
void judge_spelling(const Holder& holder, Verdict& out) {
  auto query = holder.replica.core().db().query("SELECT body FROM entries");
  while (query.step()) {
    const auto bytes = unpack_body_bytes(query.blob(0));
    const auto body = bytes ? wire::decode<EntryBody>(*bytes) : Result<EntryBody>{bytes.error()};
    if (body && wire::encode(*body) == *bytes) continue;
    out.findings.push_back(holder.name + " keeps a body that is spelt in another way");
    return;
  }
}

}  // namespace

void judge_data(std::span<const Holder> holders, bool stamps, Verdict& out) {
  std::map<Space, Shown> expected;
  for (const Holder& holder : holders) {
    judge_spelling(holder, out);
    for (const SpaceSlot* slot : holder.replica.core().slots()) {
      const Space& space = slot->store.space();
      auto known = expected.find(space);
      if (known == expected.end()) {
        const Model model{entries_of(*slot, holder.name, out), holder.replica.control(), space.owner};
        known = expected.emplace(space, model.shown()).first;
        for (const std::string& sentence : stamps ? model.stamps() : std::vector<std::string>{}) {
          out.findings.push_back(name_of(space) + ": " + sentence);
        }
      }
      const Shown actual = shown_by(holder.replica, space, known->second);
      for (const auto& [place, text] : known->second) {
        const auto at = actual.find(place);
        if (at != actual.end() && at->second == text) continue;
        out.findings.push_back(holder.name + " shows '" + (at == actual.end() ? "nothing" : at->second) + "' in " + name_of(space) +
                               " field " + std::to_string(place.second) + ", the model '" + text + "'");
      }
    }
  }
}

}  // namespace kiz::sim
