// The control log as the merge sees it: which positions are held, where logs end, who had the right for what.
// Rules: SPEC.md §4 "Control log", "Rights". All answers are a pure function of the control log held.
#pragma once

#include <unordered_map>

#include "protocol/control_log.h"
#include "protocol/membership.h"
#include "protocol/rulings.h"

namespace kiz {

/// Which records of a control log name a device and which end a log: the same for all spaces of a realm, so kept once.
class ControlIndex {
 public:
  /// `control` must outlive it.
  explicit ControlIndex(const ControlLog& control) : control_(&control) { follow(); }

  /// Takes over what was appended to the control log, or all of it anew where an epoch has closed a branch.
  void follow();

  const ControlLog& control() const { return *control_; }
  const MemberId& authority() const { return authority_; }
  /// Places in the control log, from 1 and ascending.
  const std::vector<std::uint64_t>& naming(const AuthorKey& author) const;
  const std::vector<std::uint64_t>& cutting(const LogId& log) const;

 private:
  const ControlLog* control_;
  MemberId authority_;
  std::uint64_t followed_ = 0;
  std::uint64_t closings_ = 0;  // of the control log, as followed
  std::unordered_map<AuthorKey, std::vector<std::uint64_t>, PrefixHash> by_author_;
  std::unordered_map<LogId, std::vector<std::uint64_t>, PrefixHash> by_log_;
};

/// Rulings of one realm for one space, as far as the index has followed.
class SpaceRulings final : public Rulings {
 public:
  /// `index` must outlive it.
  SpaceRulings(const ControlIndex& index, Space space) : index_(index), space_(std::move(space)) {}

  std::uint64_t newest() const override { return index_.control().last_seq(); }
  std::optional<std::uint64_t> index_of(const ControlPosition& position) const override;
  void cuts_of(const LogId& log, const AuthorKey& author, std::vector<RuledCut>& out) const override;
  bool permits(const RuledEntry& entry, std::span<const Op> ops) const override;
  std::uint64_t rights_changed(const AuthorKey& author) const override;

 private:
  const ControlBody& body(std::uint64_t index) const { return index_.control().bodies()[index - 1]; }

  const ControlIndex& index_;
  Space space_;
};

}  // namespace kiz
