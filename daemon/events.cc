#include "daemon/events.h"

#include <map>

#include "libclient/months.h"
#include "libclient/space_name.h"

namespace kiz {
namespace {

constexpr std::size_t waiting_max = 1000;

std::string time_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return months::instant(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()));
}

}  // namespace

Events::Subscription::Subscription(Events& events) : arrived(events.io_), events_(events) {
  events_.subscriptions_.push_back(this);
}

Events::Subscription::~Subscription() { std::erase(events_.subscriptions_, this); }

void Events::publish(Json event) {
  event["time"] = time_now();
  for (Subscription* reader : subscriptions_) {
    if (reader->waiting.size() >= waiting_max) {
      reader->lost = true;
      reader->waiting.pop_front();
    }
    reader->waiting.push_back(event);
    reader->arrived.notify();
  }
}

void Events::peer(const std::string& device, bool reachable) {
  publish({{"event", "peer"}, {"device", device}, {"reachable", reachable}});
}

void Events::changes(const std::vector<Advance>& advances, bool local) {
  if (subscriptions_.empty()) return;
  std::map<Space, std::uint64_t> entries;
  for (const Advance& advance : advances) entries[advance.space] += advance.head.seq - advance.after.seq;
  for (const auto& [space, count] : entries) {
    publish({{"event", "change"},
             {"owner", space.owner},
             {"collection", name_of(space.collection)},
             {"entries", count},
             {"local", local}});
  }
}

void Events::members() { publish({{"event", "members"}}); }

void Events::conflicts(std::uint64_t count) {
  if (conflicts_ && *conflicts_ != count) publish({{"event", "conflicts"}, {"count", count}});
  conflicts_ = count;
}

void Events::end() { publish({{"event", "end"}}); }

}  // namespace kiz
