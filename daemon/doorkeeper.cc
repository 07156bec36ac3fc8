#include "daemon/doorkeeper.h"

#include <algorithm>
#include <utility>

namespace kiz {

CallerPrefix prefix_of(const std::array<std::uint8_t, 16>& ipv6) {
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  CallerPrefix out = ipv6;
  if (!std::equal(mapped.begin(), mapped.end(), ipv6.begin())) std::fill(out.begin() + 8, out.end(), std::uint8_t{0});
  return out;
}

double Doorkeeper::Bucket::calls_at(Time now) const {
  const double seconds = static_cast<double>(std::max<std::int64_t>((now - filled).count(), 0)) / 1000;
  return std::min(calls_at_once, calls + seconds * calls_per_second);
}

Doorkeeper::Bucket& Doorkeeper::bucket_of(const CallerPrefix& from, Time now) {
  const auto known = buckets_.find(from);
  if (known != buckets_.end()) return known->second;
  if (buckets_.size() >= addresses_max && now - swept_ >= std::chrono::seconds{1}) {
    swept_ = now;
    std::erase_if(buckets_, [now](const auto& each) { return each.second.calls_at(now) >= calls_at_once; });
  }
  if (buckets_.size() >= addresses_max) return others_;
  return buckets_.emplace(from, Bucket{calls_at_once, now}).first->second;
}

bool Doorkeeper::let_in(const CallerPrefix& from, Time now) {
  Bucket& bucket = bucket_of(from, now);
  bucket = {bucket.calls_at(now), now};
  if (bucket.calls < 1) {
    ++turned_away_;
    return false;
  }
  bucket.calls -= 1;
  return true;
}

void Doorkeeper::made_it(const CallerPrefix& from) {
  const auto known = buckets_.find(from);
  if (known != buckets_.end()) known->second.calls = std::min(calls_at_once, known->second.calls + 1);
}

bool Seldom::now(std::chrono::milliseconds time, std::uint64_t& held_back) {
  if (time - since_ >= every_) written_ = 0;
  if (written_ == lines_) {
    ++held_back_;
    return false;
  }
  if (written_++ == 0) since_ = time;
  held_back = std::exchange(held_back_, 0);
  return true;
}

}  // namespace kiz
