#include "protocol/control_branch.h"

namespace kiz {
namespace {

constexpr std::size_t records_max = 8192;

}  // namespace

Result<Seq> ControlBranch::take(ControlLog& log, const ControlRecord& record, bool halted) {
  if (record.seq >= 1 && record.seq <= log.last_seq() && log.hashes()[record.seq - 1] == control_hash(record)) return Seq{0};
  if (!halted || record.epoch > log.epoch()) {
    auto appended = log.append(record);
    if (appended) {
      records_.clear();
      return record.seq;
    }
    const Errc code = appended.error().code;
    if (code != Errc::fork && (code != Errc::gap || records_.empty())) return appended.error();
  }
  if (const Seq first = keep(log, record); first != 0) return first;
  return Error{Errc::fork, "control log"};
}

/// The first record replaced, where this one opens a later epoch.
Seq ControlBranch::keep(ControlLog& log, const ControlRecord& record) {
  const bool goes_on = !records_.empty() && record.seq == records_.back().seq + 1 && record.before == control_hash(records_.back());
  if (!goes_on) {
    const bool starts = record.seq >= 2 && record.seq <= log.last_seq() + 1 && record.before == log.hashes()[record.seq - 2];
    if (!starts) return 0;
    records_.clear();
  }
  if (records_.size() >= records_max) return 0;
  records_.push_back(record);
  if (record.epoch <= log.epoch()) return 0;
  const Seq first = records_.front().seq;
  const auto replaced = log.replace(records_);
  records_.clear();
  return replaced ? first : 0;
}

}  // namespace kiz
