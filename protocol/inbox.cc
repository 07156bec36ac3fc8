#include "protocol/inbox.h"

#include <algorithm>

#include "protocol/limits.h"

namespace kiz {

Result<void> Inbox::add(Bytes run) {
  if (run.empty()) return Error{Errc::malformed, "run"};
  if (run.size() > limits::run_bytes_max) return Error{Errc::over_limit, "run"};
  if (bytes_ + run.size() > window_ || held_.size() >= limits::runs_in_flight_max) return Error{Errc::over_limit, "credit"};
  const std::uint64_t size = run.size();
  bytes_ += size;
  held_.push_back({std::move(run), size, false, false, Errc::ok, true});
  return {};
}

std::optional<IncomingRun> Inbox::next() {
  const auto found = std::find_if(held_.begin(), held_.end(), [](const Held& run) { return !run.taken; });
  if (found == held_.end()) return {};
  found->taken = true;
  return IncomingRun{acknowledged_ + static_cast<std::uint64_t>(found - held_.begin()) + 1, std::move(found->bytes)};
}

void Inbox::report(std::uint64_t number, Errc refused, bool applied) {
  KIZ_ASSERT(number > acknowledged_ && number <= runs_seen());
  Held& run = held_[static_cast<std::size_t>(number - acknowledged_ - 1)];
  KIZ_ASSERT(run.taken && !run.decided);
  run.decided = true;
  run.refused = refused;
  run.applied = applied;
}

std::optional<Ack> Inbox::next_ack() {
  const auto last = std::find_if(held_.begin(), held_.end(), [](const Held& run) { return !run.decided; });
  if (last == held_.begin()) return {};
  Ack out;
  for (auto run = held_.begin(); run != last; ++run) {
    ++acknowledged_;
    bytes_ -= run->size;
    if (run->refused != Errc::ok || !run->applied) out.exceptions.push_back({acknowledged_, run->refused});
  }
  out.upto = acknowledged_;
  held_.erase(held_.begin(), last);
  return out;
}

bool Inbox::decided() const {
  return std::all_of(held_.begin(), held_.end(), [](const Held& run) { return run.decided; });
}

}  // namespace kiz
