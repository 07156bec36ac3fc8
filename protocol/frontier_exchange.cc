#include "protocol/frontier_exchange.h"

#include <algorithm>
#include <span>

#include "protocol/limits.h"

namespace kiz {
namespace {
constexpr Seq points_between_max = 32;

bool is_on(const SyncSource& source, const LogId& log, const Point& point, const EntryHash& tip) {
  return source.hash_at(log, point.seq, tip) == point.entry;
}

bool is_held(const SyncSource& source, const LogId& log, const Point& point) { return is_on(source, log, point, point.entry); }

/// Last entry that the branches to both tips share. Both are held.
Point common_point(const SyncSource& source, const LogId& log, const Point& a, const Point& b) {
  const auto shared = [&](Seq seq) { return source.hash_at(log, seq, a.entry) == source.hash_at(log, seq, b.entry); };
  Seq low = 0;
  Seq high = std::min(a.seq, b.seq);
  while (low < high) {
    const Seq middle = low + (high - low + 1) / 2;
    if (shared(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  if (low == 0) return {};
  return {low, source.hash_at(log, low, a.entry).value_or(EntryHash{})};
}

/// Where to begin with what leads to `head`, given that the peer holds `points`.
struct Start {
  bool held = false;   // the peer holds head itself
  bool known = false;  // `after` is certain to be held, and nothing later is known to be
  Point after;
};

Start find_start(const SyncSource& source, const Head& head, std::span<const Point> points) {
  Start out;
  for (const Point& point : points) {
    if (point.seq >= head.seq && is_on(source, head.log, Point::of(head), point.entry)) return {true, true, point};
    Point reached = point;
    if (!is_on(source, head.log, point, head.entry)) {
      if (!is_held(source, head.log, point)) continue;
      reached = common_point(source, head.log, point, Point::of(head));
    }
    if (!out.known || reached.seq > out.after.seq) out.after = reached;
    out.known = true;
  }
  return out;
}

/// Places on the branch to `head` up to `top`, ever further apart going back, ascending.
std::vector<Point> sample_branch(const SyncSource& source, const Head& head, Seq top) {
  std::vector<Point> out;
  const auto take = [&](Seq seq) {
    if (const auto hash = source.hash_at(head.log, seq, head.entry)) out.push_back({seq, *hash});
  };
  Seq back = 0;
  while (back < top) {
    take(top - back);
    back = back == 0 ? 1 : back * 2;
  }
  if (out.empty() || out.back().seq != 1) take(1);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Point> points_of(std::span<const Head> theirs, const std::vector<Head>& arriving) {
  std::vector<Point> out;
  for (const Head& head : theirs) out.push_back(Point::of(head));
  for (const Head& head : arriving) out.push_back(Point::of(head));
  return out;
}

/// The last place up to which the peer's branch is certain to differ from the one that leads to `head`; 0: it may be the
/// same branch, further on.
Seq fork_top(std::span<const Head> theirs, const Head& head) {
  Seq top = 0;
  for (const Head& other : theirs) {
    if (other.seq <= head.seq) top = std::max(top, other.seq);
  }
  return top;
}

/// One question per log, whatever number of branches we have.
void ask_about(FrontierPlan& plan, const Space& space, const LogId& log, std::vector<Point> points) {
  if (plan.samples.empty() || plan.samples.back().log != log) plan.samples.push_back({SpaceName::of(space), log, true, {}});
  auto& all = plan.samples.back().points;
  all.insert(all.end(), points.begin(), points.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
}

std::span<const Head> heads_of_log(const std::vector<Head>& heads, const LogId& log) {
  const auto first = std::lower_bound(heads.begin(), heads.end(), log, [](const Head& h, const LogId& l) { return h.log < l; });
  const auto last = std::upper_bound(first, heads.end(), log, [](const LogId& l, const Head& h) { return l < h.log; });
  return {first, last};
}
}  // namespace

std::vector<Advance> whole_space(const SyncSource& source, const Space& space) {
  std::vector<Advance> out;
  for (const Head& head : source.heads(space)) out.push_back({space, {}, head});
  return out;
}

FrontierPlan plan_space(const SyncSource& source, const Space& space, const std::vector<Head>& theirs, const Outbox& outbox) {
  FrontierPlan out;
  const auto mine = source.heads(space);
  for (const Head& head : theirs) {
    const bool held = std::binary_search(mine.begin(), mine.end(), head) || is_held(source, head.log, Point::of(head));
    out.covers = out.covers && held;
  }
  for (const Head& head : mine) {
    const auto others = heads_of_log(theirs, head.log);
    if (std::find(others.begin(), others.end(), head) != others.end()) continue;
    const auto points = points_of(others, outbox.arriving(head.log));
    const Start start = find_start(source, head, points);
    if (start.held) continue;
    if (start.known || points.empty()) {
      out.wants.push_back({space, start.after, head});
      continue;
    }
    out.undecided.insert(head.log);
    // The peer is ahead of us or on another branch. Where its entry stands no later than ours, it is another branch, and
    // we ask; otherwise the peer sees our head and knows which.
    if (const Seq top = fork_top(others, head); top > 0) ask_about(out, space, head.log, sample_branch(source, head, top));
  }
  return out;
}

std::vector<Advance> plan_fork(const SyncSource& source, const Space& space, const LogId& log,
                               const std::vector<Point>& theirs, const Outbox& outbox) {
  std::vector<Advance> out;
  const auto mine = source.heads(space);
  std::vector<Point> points = points_of({}, outbox.arriving(log));
  points.insert(points.end(), theirs.begin(), theirs.end());
  for (const Head& head : heads_of_log(mine, log)) {
    const Start start = find_start(source, head, points);
    if (!start.held) out.push_back({space, start.after, head});
  }
  return out;
}

std::vector<Point> narrow(const SyncSource& source, const Space& space, const LogId& log, const std::vector<Point>& theirs) {
  std::vector<Point> out;
  const auto mine = source.heads(space);
  for (const Head& head : heads_of_log(mine, log)) {
    const Point common = find_start(source, head, theirs).after;
    Seq differs = head.seq;
    for (const Point& point : theirs) {
      if (point.seq > common.seq) differs = std::min(differs, point.seq);
    }
    const auto take = [&](Seq seq) {
      if (const auto hash = source.hash_at(log, seq, head.entry)) out.push_back({seq, *hash});
    };
    if (common.seq > 0 && common.seq <= head.seq) take(common.seq);
    const Seq step = (differs - std::min(differs, common.seq)) / points_between_max + 1;
    for (Seq seq = common.seq + step; seq < differs; seq += step) take(seq);
    if (out.size() >= limits::samples_max - points_between_max - 2) break;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace kiz
