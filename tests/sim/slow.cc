// Peers that take their time on purpose: they open and say nothing, stop within the handshake, or hold a line for which
// they have a key and never end a frame. A byte now and then must not keep them alive.
#include <algorithm>

#include "tests/sim/guard.h"

namespace kiz::sim {
namespace {

constexpr std::size_t slow_max = 12;  // lines at once; how many a daemon bears is shown with real sockets
// What PeerTalk promises whoever drives it.
constexpr SteadyTime handshake_max = std::chrono::seconds{10};
constexpr SteadyTime silence_max = std::chrono::seconds{90};
// The beginning of the longest frame there is: whatever follows, it is not over yet.
constexpr std::uint8_t endless_frame[] = {0xff, 0xff};

}  // namespace

void World::dawdle() {
  Node& victim = random_.below(3) == 0 ? somebody() : hub();
  Node& liar = somebody();
  if (!victim.replica || !liar.replica || victim.in_trouble() || liar.in_trouble() || &victim == &liar || slow_lines_.size() >= slow_max) return;
  if (victim.asleep_until_ms > now_.count() || liar.transport == victim.transport) return;
  auto called = &victim == &hub() ? PeerTalk::call(liar.replica->core(), now_) : PeerTalk::call_member(liar.replica->core(), victim.transport, 0, now_);
  if (!called) return;
  PeerTalk& caller = **called;
  SlowLine line{&victim, PeerTalk::answer(victim.replica->core(), now_, victim.program), {}, now_ + handshake_max};
  Bytes said = caller.take_output(now_);
  const bool shakes_hands = random_.below(2) == 0;
  if (shakes_hands) {
    for (int message = 0; message < 4 && !said.empty() && !line.talk->established(); ++message) {
      on(victim, "shaking hands with a slow peer", [&] { line.talk->feed(said, now_); });
      if (!victim.replica || !unharmed(victim)) return;
      const Bytes answer = line.talk->take_output(now_);
      if (!answer.empty()) caller.feed(answer, now_);
      said = caller.take_output(now_);
    }
    if (line.talk->established()) line.over_at = now_ + silence_max;
  }
  // Of what it has to say it says a part; the rest comes drop by drop, and never all of it.
  const std::size_t part = random_.below(said.size());
  line.rest.assign(said.begin() + static_cast<std::ptrdiff_t>(part), said.end());
  said.resize(part);
  if (!line.rest.empty()) line.rest.pop_back();
  if (line.talk->established() && random_.below(2) == 0) {
    said.assign(std::begin(endless_frame), std::end(endless_frame));
    line.rest.assign(64, 0);
  }
  on(victim, "hearing half of something", [&] { line.talk->feed(said, now_); });
  if (!victim.replica || !unharmed(victim)) return;
  hit(Fault::hostile, victim);
  slow_lines_.push_back(std::move(line));
}

// One byte on one of the lines.
void World::drip() {
  if (slow_lines_.empty()) return;
  SlowLine& line = slow_lines_[random_.below(slow_lines_.size())];
  Node& victim = *line.victim;
  if (line.rest.empty() || victim.asleep_until_ms > now_.count()) return;
  const Bytes drop{line.rest.front()};
  line.rest.erase(line.rest.begin());
  on(victim, "hearing a drop", [&] { line.talk->feed(drop, now_); });  // the line is gone where that failed
  unharmed(victim);
}

// After its victim has looked at the clock.
void World::judge_slow_lines(const Node& victim) {
  std::erase_if(slow_lines_, [&](const SlowLine& line) {
    if (line.victim != &victim) return false;
    if (!line.talk->finished() && now_ >= line.over_at) find(victim.name + " goes on waiting for one who never comes to an end");
    return line.talk->finished();
  });
}

}  // namespace kiz::sim
