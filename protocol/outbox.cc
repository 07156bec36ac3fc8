#include "protocol/outbox.h"

#include <algorithm>

#include "protocol/limits.h"

namespace kiz {
namespace {
bool leads_to(const SyncSource& source, const Head& earlier, const Head& later) {
  return earlier.seq <= later.seq && source.hash_at(later.log, earlier.seq, later.entry) == earlier.entry;
}
std::uint64_t length(const Advance& stretch) { return stretch.head.seq - stretch.after.seq; }
}  // namespace

void Outbox::grow(const Advance& advance) {
  const auto [first, last] = wants_.equal_range(advance.head.log);
  for (auto it = first; it != last; ++it) {
    if (it->second.head == advance.head) return;
    if (Point::of(it->second.head) == advance.after) {
      it->second.head = advance.head;
      return;
    }
  }
  want(advance);
}

void Outbox::want(const Advance& advance) {
  if (advance.head.seq <= advance.after.seq) return;
  const auto [first, last] = wants_.equal_range(advance.head.log);
  for (auto it = first; it != last; ++it) {
    if (it->second.head != advance.head) continue;
    if (it->second.after.seq < advance.after.seq) it->second.after = advance.after;
    return;
  }
  wants_.emplace(advance.head.log, advance);
}

void Outbox::peer_holds(const SyncSource& source, const Head& head) {
  auto [it, last] = wants_.equal_range(head.log);
  while (it != last) {
    Advance& wanted = it->second;
    if (leads_to(source, wanted.head, head)) {
      it = wants_.erase(it);
      continue;
    }
    if (head.seq > wanted.after.seq && leads_to(source, head, wanted.head)) wanted.after = Point::of(head);
    ++it;
  }
}

void Outbox::put_back(const Advance& stretch) {
  const auto [first, last] = wants_.equal_range(stretch.head.log);
  for (auto it = first; it != last; ++it) {
    if (it->second.after != Point::of(stretch.head)) continue;
    it->second.after = stretch.after;
    return;
  }
  want(stretch);
}

void Outbox::drop(const Space& space, const std::set<LogId>& except) {
  std::erase_if(wants_, [&](const auto& item) { return item.second.space == space && !except.contains(item.first); });
}

void Outbox::drop_unshared(const SyncSource& source) {
  std::erase_if(wants_, [&](const auto& item) { return !source.is_shared(item.second.space); });
}

void Outbox::give_up_in_flight(const Space& space) {
  for (InFlight& run : in_flight_) run.lost |= run.stretch.space == space;
}

bool Outbox::pause(const Space& space) {
  if (paused_spaces_.size() >= limits::spaces_max) return false;
  paused_spaces_.insert(space);
  return true;
}

void Outbox::resume() {
  paused_logs_.clear();
  paused_spaces_.clear();
}

bool Outbox::is_paused(const Advance& want) const {
  return paused_logs_.contains(want.head.log) || paused_spaces_.contains(want.space);
}

bool Outbox::may_go(const Advance& want) const {
  if (is_paused(want)) return false;
  return !doubtful_logs_.contains(want.head.log) || arriving(want.head.log).empty();
}

Outbox::Wants::iterator Outbox::next_turn(const std::set<Space>& asked) {
  const auto ready = [&](const auto& item) { return !asked.contains(item.second.space) && may_go(item.second); };
  const auto middle = wants_.upper_bound(turn_);
  if (const auto found = std::find_if(middle, wants_.end(), ready); found != wants_.end()) return found;
  const auto found = std::find_if(wants_.begin(), middle, ready);
  return found != middle ? found : wants_.end();
}

bool Outbox::has_credit(std::uint64_t bytes) const {
  return in_flight_.size() < limits::runs_in_flight_max && in_flight_bytes_ + bytes <= window_;
}

std::optional<Bytes> Outbox::next_run(const SyncSource& source, std::size_t run_bytes_target, const std::set<Space>& asked,
                                      std::vector<Failure>& failures) {
  while (has_credit(std::max<std::uint64_t>(credit_needed_, 1))) {
    const auto turn = next_turn(asked);
    if (turn == wants_.end()) return {};
    Advance& wanted = turn->second;
    // A last scrap of credit is left alone: cutting the log to fit it would make many small runs of few large ones.
    const std::size_t room = static_cast<std::size_t>(window_ - in_flight_bytes_);
    if (!in_flight_.empty() && room < run_bytes_target / 4) return {};
    auto piece = source.read_run(wanted.head.log, wanted.after, wanted.head.entry, std::min(run_bytes_target, room));
    if (!piece) {
      failures.push_back({wanted.space, piece.error().code});
      pause(wanted.space);
      continue;
    }
    KIZ_ASSERT(piece->last.seq > wanted.after.seq && piece->last.seq <= wanted.head.seq);
    if (!has_credit(piece->bytes.size())) {
      credit_needed_ = piece->bytes.size();
      return {};
    }
    credit_needed_ = 0;
    turn_ = wanted.head.log;
    in_flight_.push_back({{wanted.space, wanted.after, piece->last}, piece->bytes.size(), false});
    in_flight_bytes_ += piece->bytes.size();
    wanted.after = Point::of(piece->last);
    if (wanted.after.seq == wanted.head.seq) wants_.erase(turn);
    return std::move(piece->bytes);
  }
  return {};
}

Result<std::vector<Outbox::Settled>> Outbox::acknowledge(const Ack& ack) {
  if (ack.upto <= decided_ || ack.upto > runs_sent()) return Error{Errc::unexpected_message, "ack"};
  std::vector<Settled> out;
  auto exception = ack.exceptions.begin();
  const auto count = static_cast<std::ptrdiff_t>(ack.upto - decided_);
  for (auto run = in_flight_.begin(); run != in_flight_.begin() + count; ++run) {
    ++decided_;
    in_flight_bytes_ -= run->bytes;
    Settled settled{run->stretch, Errc::ok, true, run->lost};
    if (exception != ack.exceptions.end() && exception->run == decided_) {
      settled.refused = exception->refused;
      settled.applied = false;
      ++exception;
    }
    if (settled.refused == Errc::ok) doubtful_logs_.erase(run->stretch.head.log);
    out.push_back(std::move(settled));
  }
  in_flight_.erase(in_flight_.begin(), in_flight_.begin() + count);
  if (exception != ack.exceptions.end()) return Error{Errc::unexpected_message, "ack"};
  return out;
}

bool Outbox::idle() const {
  return in_flight_.empty() &&
         std::all_of(wants_.begin(), wants_.end(), [this](const auto& item) { return is_paused(item.second); });
}

std::uint64_t Outbox::pending_entries(const std::optional<Space>& space) const {
  std::uint64_t sum = 0;
  for (const auto& [log, wanted] : wants_) sum += !space || wanted.space == *space ? length(wanted) : 0;
  for (const InFlight& run : in_flight_) sum += !space || run.stretch.space == *space ? length(run.stretch) : 0;
  return sum;
}

std::vector<Head> Outbox::arriving(const LogId& log) const {
  std::vector<Head> out;
  for (const InFlight& run : in_flight_) {
    if (run.stretch.head.log == log && !run.lost) out.push_back(run.stretch.head);
  }
  return out;
}

}  // namespace kiz
