// What a user feels of the installed programs: start (exec until the control socket answers), idle (a daemon with 10,000 offers
// and nothing to do), cli (exec until exit), flood (strangers at the port of a Kreis node while an office asks for its status).
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/process.h"
#include "tests/bench/town_offers.h"
#include "tests/bench/workloads.h"

namespace kiz::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t offers = 10'000;

struct Town {
  WorkFolder folder;
  Folders folders;

  explicit Town(const Options& o) : folder(o.folder), folders(found_two(folder.path())) {
    (void)Child{[&] {
      const auto replica = open_replica(folders.town);
      const Space space = replica->space(town_id, Collection::offers);
      OfferGenerator generator{o.seed};
      Edit edit = replica->begin();
      for (std::uint64_t i = 0; i < offers; ++i) put_town_offer(edit, space, generator.next());
      commit(*replica, edit);
      return nlohmann::json{};
    }}.wait();
  }
  std::unique_ptr<Process> daemon(const fs::path& store) const {
    return std::make_unique<Process>(std::vector<std::string>{program("kizd"), "--foreground", "--store", store});
  }
};

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double seconds_of(const std::vector<std::string>& words, int times) {
  std::vector<double> out;
  for (int i = 0; i < times; ++i) {
    const Stopwatch watch;
    Process{words}.wait();
    out.push_back(watch.seconds());
  }
  return median_of(out);
}

}  // namespace

Report run_start(const Options& o) {
  constexpr int times = 11;
  const Town town{o};
  std::vector<double> out;
  for (int i = 0; i < times; ++i) {
    const auto daemon = town.daemon(town.folders.town);
    out.push_back(wait_for(town.folders.town));
  }
  return {.workload = "start", .n = 1, .seed = o.seed, .seconds = median_of(out), .extra = {{"offers", double(offers)}}};
}

Report run_idle(const Options& o) {
  const Town town{o};
  const auto daemon = town.daemon(town.folders.town);
  wait_for(town.folders.town);
  (void)seconds_of({program("kiz"), "--store", town.folders.town, "angebot", "liste"}, 1);  // fills its cache
  const double busy = static_cast<double>(daemon->resident_bytes());
  const double settle = o.minutes * 60;
  ::sleep(static_cast<unsigned>(settle / 2));
  const double cpu = daemon->cpu_seconds();
  const Stopwatch watch;
  ::sleep(static_cast<unsigned>(settle / 2));
  Report out{.workload = "idle", .n = 1, .seed = o.seed, .seconds = watch.seconds()};
  out.extra = {{"offers", double(offers)},
               {"cpu_percent", (daemon->cpu_seconds() - cpu) / watch.seconds() * 100},
               {"rss_mib_after_a_listing", busy / 1048576},
               {"rss_mib", static_cast<double>(daemon->resident_bytes()) / 1048576}};
  return out;
}

Report run_cli(const Options& o) {
  constexpr int times = 11;
  const Town town{o};
  const std::string kiz = program("kiz"), store = town.folders.town;
  Report out{.workload = "cli", .n = 1, .seed = o.seed};
  const auto measure = [&](const std::string& how) {
    out.extra.emplace_back("status_ms_" + how, seconds_of({kiz, "--store", store, "status"}, times) * 1000);
    out.extra.emplace_back("list_ms_" + how, seconds_of({kiz, "--store", store, "angebot", "liste"}, times) * 1000);
  };
  measure("alone");
  const auto daemon = town.daemon(store);
  wait_for(store);
  measure("with_daemon");
  out.seconds = out.extra.back().second / 1000;
  out.extra.emplace_back("offers", double(offers));
  return out;
}

// Strangers connect as fast as they can, say a kilobyte of nothing and stay until they are hung up on.
Report run_flood(const Options& o) {
  const Town town{o};
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(free_port());
  const std::string store = town.folders.kreis, address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  const Process daemon{{program("kizd"), "--foreground", "--store", store, "--listen", address}};
  wait_for(store);
  const std::vector<std::string> status{program("kiz"), "--store", store, "status"};
  const double calm = seconds_of(status, 5);
  const double cpu = daemon.cpu_seconds();
  const Stopwatch watch;
  Child strangers{[&] {
    std::uint64_t calls = 0;
    const Bytes nothing(1024, 0x55);
    for (const Stopwatch running; running.seconds() < o.minutes * 60; ++calls) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) {
        (void)::send(fd, nothing.data(), nothing.size(), MSG_NOSIGNAL);
        char piece[256];
        timeval patience{0, 20'000};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        while (::recv(fd, piece, sizeof piece, 0) > 0) {
        }
      }
      ::close(fd);
    }
    return nlohmann::json{{"calls", calls}};
  }};
  std::vector<double> under_it;
  while (watch.seconds() < o.minutes * 60) under_it.push_back(seconds_of(status, 1));
  const auto done = strangers.wait();
  Report out{.workload = "flood", .n = done["calls"], .seed = o.seed, .seconds = watch.seconds()};
  out.extra = {{"cpu_percent", (daemon.cpu_seconds() - cpu) / watch.seconds() * 100},
               {"rss_mib", static_cast<double>(daemon.resident_bytes()) / 1048576},
               {"status_ms_calm", calm * 1000},
               {"status_ms_under_it", median_of(under_it) * 1000}};
  return out;
}

}  // namespace kiz::bench
