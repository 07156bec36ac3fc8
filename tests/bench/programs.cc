// What a user feels of the installed programs: start (exec until the control socket answers), idle (a daemon with 10,000 offers
// and nothing to do), cli (exec until exit), flood (strangers at the port of a Kreis node while an office asks for its status).
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "protocol/registry.h"
#include "tests/bench/bench_realm.h"
#include "tests/bench/child.h"
#include "tests/bench/workloads.h"

extern char** environ;

namespace kiz::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t offers = 10'000;

fs::path program(const char* name) { return fs::read_symlink("/proc/self/exe").parent_path() / name; }

class Process {
 public:
  explicit Process(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    const int failed = ::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw std::system_error{failed, std::generic_category(), words[0]};
  }
  ~Process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void wait() {
    int state = 0;
    ::waitpid(std::exchange(pid_, -1), &state, 0);
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) throw std::runtime_error{"a program of the benchmark failed"};
  }
  double cpu_seconds() const {
    std::ifstream file{"/proc/" + std::to_string(pid_) + "/stat"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    std::istringstream rest{text.substr(text.rfind(')') + 2)};
    std::string word;
    double ticks = 0;
    for (int field = 3; field <= 15 && rest >> word; ++field) ticks += field >= 14 ? std::stod(word) : 0;
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  std::uint64_t resident_bytes() const {
    std::ifstream file{"/proc/" + std::to_string(pid_) + "/statm"};
    std::uint64_t pages = 0;
    file >> pages >> pages;
    return pages * 4096;
  }

 private:
  pid_t pid_ = -1;
};

bool answers(const fs::path& socket) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const std::string path = socket.string();
  if (path.size() >= sizeof at.sun_path) throw std::runtime_error{"the folder's name is too long for a socket"};
  path.copy(at.sun_path, path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool out = ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  ::close(fd);
  return out;
}

struct Town {
  WorkFolder folder;
  Folders folders;

  explicit Town(const Options& o) : folder(o.folder), folders(found_two(folder.path())) {
    (void)Child{[&] {
      namespace fields = registry::fields::offer;
      const auto replica = open_replica(folders.town);
      const Space space = replica->space(town_id, Collection::offers);
      OfferGenerator generator{o.seed};
      Edit edit = replica->begin();
      for (std::uint64_t i = 0; i < offers; ++i) {
        const Offer offer = generator.next();
        const RecordId id{registry::kinds::offer, record_id(offer).key};
        edit.set(space, id, fields::title, offer.title);
        edit.set(space, id, fields::description, offer.description);
        edit.set(space, id, fields::provider, std::string{offer.provider});
        edit.set(space, id, fields::kind, std::int64_t{1});
      }
      commit(*replica, edit);
      return nlohmann::json{};
    }}.wait();
  }
  std::unique_ptr<Process> daemon(const fs::path& store) const {
    return std::make_unique<Process>(std::vector<std::string>{program("kizd"), "--foreground", "--store", store});
  }
  /// Seconds until it answers.
  double wait_for(const fs::path& store) const {
    const Stopwatch watch;
    while (!answers(store / "control.sock")) {
      if (watch.seconds() > 60) throw std::runtime_error{"kizd does not answer"};
      ::usleep(200);
    }
    return watch.seconds();
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
    out.push_back(town.wait_for(town.folders.town));
  }
  return {.workload = "start", .n = 1, .seed = o.seed, .seconds = median_of(out), .extra = {{"offers", double(offers)}}};
}

Report run_idle(const Options& o) {
  const Town town{o};
  const auto daemon = town.daemon(town.folders.town);
  town.wait_for(town.folders.town);
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
  town.wait_for(store);
  measure("with_daemon");
  out.seconds = out.extra.back().second / 1000;
  out.extra.emplace_back("offers", double(offers));
  return out;
}

// Strangers connect as fast as they can, say a kilobyte of nothing and stay until they are hung up on.
Report run_flood(const Options& o) {
  const Town town{o};
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ::bind(probe, reinterpret_cast<sockaddr*>(&at), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(probe);  // a free port a moment ago
  const std::string store = town.folders.kreis, address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  const Process daemon{{program("kizd"), "--foreground", "--store", store, "--listen", address}};
  town.wait_for(store);
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
