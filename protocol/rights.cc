#include "protocol/rights.h"

#include <algorithm>

#include "protocol/mutants.h"

namespace kiz {
namespace {

const std::vector<std::uint64_t> none;

template <class Map, class Key>
const std::vector<std::uint64_t>& records_of(const Map& map, const Key& key) {
  const auto at = map.find(key);
  return at == map.end() ? none : at->second;
}

const Cut* cut_of(const std::vector<Cut>& cuts, const LogId& log) {
  const auto at = std::find_if(cuts.begin(), cuts.end(), [&](const Cut& cut) { return cut.log == log; });
  return at == cuts.end() ? nullptr : &*at;
}

}  // namespace

const std::vector<std::uint64_t>& ControlIndex::naming(const AuthorKey& author) const { return records_of(by_author_, author); }
const std::vector<std::uint64_t>& ControlIndex::cutting(const LogId& log) const { return records_of(by_log_, log); }

void ControlIndex::follow() {
  if (closings_ != control_->closings()) {
    closings_ = control_->closings();
    followed_ = 0;
    by_author_.clear();
    by_log_.clear();
  }
  const auto& bodies = control_->bodies();
  for (; followed_ < bodies.size(); ++followed_) {
    const std::uint64_t index = followed_ + 1;
    const ControlBody& body = bodies[followed_];
    const auto name_author = [&](const AuthorKey& author) { by_author_[author].push_back(index); };
    const auto name_logs = [&](const std::vector<Cut>& cuts) {
      for (const Cut& cut : cuts) by_log_[cut.log].push_back(index);
    };
    if (const auto* founded = std::get_if<RealmFounded>(&body)) authority_ = founded->authority;
    if (const auto* granted = std::get_if<DeviceGranted>(&body)) name_author(granted->author);
    if (const auto* cut = std::get_if<LogCut>(&body)) name_logs({cut->cut});
    if (const auto* revoked = std::get_if<DeviceRevoked>(&body)) {
      name_author(revoked->author);
      name_logs(revoked->cuts);
    }
    if (const auto* withdrawn = std::get_if<RightWithdrawn>(&body)) {
      name_author(withdrawn->author);
      name_logs(withdrawn->cuts);
    }
    if (const auto* back = std::get_if<RightGivenBack>(&body)) name_author(back->author);
  }
}

std::optional<std::uint64_t> SpaceRulings::index_of(const ControlPosition& position) const {
  return index_.control().index_of(position);
}

void SpaceRulings::cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const {
  if (KIZ_MUTANT(forget_cut)) return;
  std::vector<std::uint64_t> indices = index_.cutting(log);
  for (const std::uint64_t index : index_.naming(author)) {
    if (std::holds_alternative<DeviceRevoked>(body(index))) indices.push_back(index);
  }
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  for (const std::uint64_t index : indices) {
    const ControlBody& record = body(index);
    if (const auto* cut = std::get_if<LogCut>(&record)) out.push_back({index, true, cut->cut});
    if (const auto* revoked = std::get_if<DeviceRevoked>(&record)) {
      const Cut* named = cut_of(revoked->cuts, log);
      if (named != nullptr) {
        out.push_back({index, true, *named});
      } else {
        out.push_back({index, true, Cut{log, 0, {}, {}}});
      }
    }
    if (const auto* withdrawn = std::get_if<RightWithdrawn>(&record)) {
      if (const Cut* named = cut_of(withdrawn->cuts, log)) out.push_back({index, false, *named});
    }
  }
}

bool SpaceRulings::permits(const RuledEntry& entry, std::span<const Op>) const {
  // The right depends on the space, not on the op: a kind that this version does not know is judged like all others.
  const Right needed = Membership::right_for(space_, index_.authority());
  bool granted = false;
  bool barred = false;
  for (const std::uint64_t index : index_.naming(entry.author())) {
    const ControlBody& record = body(index);
    if (const auto* grant = std::get_if<DeviceGranted>(&record); grant != nullptr && index <= entry.index()) {
      granted = grant->member == space_.owner && (grant->rights & static_cast<Rights>(needed)) != 0;
    }
    if (const auto* withdrawn = std::get_if<RightWithdrawn>(&record)) {
      if (withdrawn->right != needed || withdrawn->collection != space_.collection) continue;
      const Cut* kept = cut_of(withdrawn->cuts, entry.log());
      if (kept == nullptr || !entry.within(*kept)) barred = true;
    }
    if (const auto* back = std::get_if<RightGivenBack>(&record); back != nullptr && index <= entry.index()) {
      if (back->right == needed && back->collection == space_.collection) barred = false;
    }
  }
  return granted && !barred;
}

std::uint64_t SpaceRulings::rights_changed(const AuthorKey& author) const {
  const auto& indices = index_.naming(author);
  return indices.empty() ? 0 : indices.back();
}

}  // namespace kiz
