// The control log as the merge sees it: which positions are held, where logs end, who had the right for what.
// Rules: SPEC.md §4 "Control log", "Rights". All answers are a pure function of the control log held.
#pragma once

#include <unordered_map>

#include "protocol/control_log.h"
#include "protocol/membership.h"
#include "protocol/rulings.h"

namespace kiz {

/// Rulings of one realm for one space. Keeps what it derives per log and author; call follow() after the log has grown.
class SpaceRulings final : public Rulings {
 public:
  /// `control` must outlive it.
  SpaceRulings(const ControlLog& control, Space space);

  /// Takes over what was appended to the control log, or all of it anew where an epoch has closed a branch.
  void follow();

  std::uint64_t newest() const override { return control_.last_seq(); }
  std::optional<std::uint64_t> index_of(const ControlPosition& position) const override;
  void cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const override;
  bool permits(const RuledEntry& entry, std::span<const Op> ops) const override;
  std::uint64_t rights_changed(const AuthorKey& author) const override;

 private:
  const ControlLog& control_;
  Space space_;
  MemberId authority_;
  std::uint64_t followed_ = 0;
  std::uint64_t closings_ = 0;  // of the control log, as followed
  std::unordered_map<AuthorKey, std::vector<std::uint64_t>, PrefixHash> by_author_;  // indices of records that name it
  std::unordered_map<LogId, std::vector<std::uint64_t>, PrefixHash> by_log_;         // indices of records that cut it
};

}  // namespace kiz
