#include "cli/demo.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "cli/beside.h"
#include "cli/text.h"
#include "libclient/control_client.h"
#include "libclient/dial.h"
#include "libclient/months.h"
#include "libclient/requests_setup.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A port that is free now: the system picks one, and it is given back for the daemon to take.
std::string free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) ::close(fd);
  return bound ? std::to_string(ntohs(address.sin_port)) : "7411";
}

Caller clerk() { return Caller{LocalRole::administer, user_name(), std::string{language()}}; }

ReplicaOptions store_in(const fs::path& folder) {
  ReplicaOptions options;
  options.directory = folder;
  return options;
}

Error refusal_of(const Json& envelope) { return Error{Errc::internal, text_of(envelope["error"], "text")}; }

Json field(const char* name, const char* op, const std::string& text) { return {{"field", name}, {"op", op}, {"text", text}}; }

Json offer(const std::string& title, const std::string& provider, const std::string& kind, const std::string& language) {
  return {{"fields", Json::array({field("title", "=", title), field("provider", "=", provider), field("kind", "+=", kind),
                                  field("languages", "+=", language), field("public", "=", "ja")})}};
}

// A process of ours is one that still runs kizd on that store: numbers of processes are used again.
bool is_our_daemon(int pid, const fs::path& store) {
  std::ifstream line{"/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary};
  const std::string words{std::istreambuf_iterator<char>{line}, {}};
  return words.find("kizd") != std::string::npos && words.find(store.string()) != std::string::npos;
}
// Marks a folder as one that a demo made and may remove.
constexpr const char* marker = "kiz-demo";

/// Nothing is there yet, or a demo of this user is.
bool may_use(const fs::path& folder) {
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) return errno == ENOENT;
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::getuid()) return false;
  std::error_code unreadable;
  return fs::exists(folder / marker, unreadable) || (fs::is_empty(folder, unreadable) && !unreadable);
}
}  // namespace

fs::path demo_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const fs::path base = runtime != nullptr && *runtime != '\0' && ::access(runtime, W_OK) == 0 ? fs::path{runtime} : fs::temp_directory_path();
  return base / ("kiz-demo-" + std::to_string(::getuid()));
}

const std::vector<DemoOffice>& Demo::towns() {
  static const std::vector<DemoOffice> all{
      {"ahaus", "Ahaus"}, {"bocholt", "Bocholt"}, {"borken", "Borken"}, {"gronau", "Gronau"}, {"stadtlohn", "Stadtlohn"}};
  return all;
}

std::vector<std::pair<std::string, int>> Demo::running() const {
  std::vector<std::pair<std::string, int>> found;
  std::error_code none;
  for (const auto& file : fs::directory_iterator{folder_, none}) {
    if (file.path().extension() != ".pid") continue;
    int pid = 0;
    std::ifstream{file.path()} >> pid;
    const std::string office = file.path().stem().string();
    if (pid > 1 && is_our_daemon(pid, folder_ / office)) found.emplace_back(office, pid);
  }
  return found;
}

bool Demo::stop() {
  if (!may_use(folder_)) return false;
  const auto daemons = running();
  for (const auto& [office, pid] : daemons) ::kill(pid, SIGTERM);
  for (int i = 0; i < 100 && !running().empty(); ++i) std::this_thread::sleep_for(50ms);
  for (const auto& [office, pid] : running()) ::kill(pid, SIGKILL);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  return !daemons.empty();
}

Result<Json> Demo::ask(const std::string& office, const std::string& request, const Json& args) {
  auto client = ControlClient::connect(folder_ / office / "control.sock");
  if (!client) return client.error();
  auto reply = client->ask({{"v", 1}, {"request", request}, {"args", args}, {"lang", std::string{language()}}, {"dry_run", false}}, 20s);
  if (!reply) return reply.error();
  if (!reply->value("ok", false)) return refusal_of(*reply);
  return reply->value("data", Json::object());
}

Result<void> Demo::start_daemon(const std::string& office) {
  const fs::path store = folder_ / office;
  std::vector<std::string> words{program_beside("kizd").string(), "--foreground", "--store", store.string()};
  if (office == "kreis") words.insert(words.end(), {"--listen", "127.0.0.1:" + port_});
  const pid_t pid = start_program(words, folder_ / (office + ".log"));
  if (pid < 0) return Error{Errc::not_found, tr("The program kizd is not installed beside kiz.")};
  std::ofstream{folder_ / (office + ".pid")} << pid << '\n';
  return {};
}

Result<void> Demo::set_up_kreis() {
  Json members = Json::array();
  for (const DemoOffice& town : towns()) members.push_back(town.town);
  const Json args{{"name", "Kreis Borken"}, {"ags", "05554"}, {"members", members}, {"addresses", {"127.0.0.1:" + port_}},
                  {"listen", "127.0.0.1:" + port_}, {"device", "Kreishaus"}};
  Begun begun = execute_setup(store_in(folder_ / "kreis"), {{"args", args}}, clerk());
  if (begun.replica == nullptr) return refusal_of(begun.envelope);
  begun.replica.reset();
  return start_daemon("kreis");
}

Result<void> Demo::join(const DemoOffice& office) {
  auto invite = ask("kreis", "member.invite", {{"member", office.town}});
  if (!invite) return invite.error();
  const Json args{{"invite", text_of(*invite, "invite")}, {"check", text_of(*invite, "check")}, {"device", office.place + " " + office.town}};
  Begun begun = execute_join(store_in(folder_ / office.folder), {{"args", args}}, clerk());
  if (begun.replica == nullptr) return refusal_of(begun.envelope);
  if (auto met = exchange_once(*begun.replica, 10s, true); !met) return met.error();
  begun.replica.reset();
  return start_daemon(office.folder);
}

Result<void> Demo::enter_samples() {
  const std::string month = months::plus(months::month_of(static_cast<std::uint64_t>(
                                             std::chrono::duration_cast<std::chrono::milliseconds>(
                                                 std::chrono::system_clock::now().time_since_epoch()).count())), -1);
  const struct {
    const char* office;
    const char* request;
    Json args;
  } samples[] = {
      {"ahaus", "offer.new", offer("Sprachcafé", "Caritas Ahaus", "treffpunkt", "ar")},
      {"bocholt", "offer.new", offer("Deutsch für Eltern", "VHS Bocholt", "sprachkurs", "uk")},
      {"borken", "offer.new", offer("Hausaufgabenhilfe", "DRK Borken", "hausaufgabenhilfe", "ku")},
      {"gronau", "offer.new", offer("Lesepaten", "Stadt Gronau", "begleitung", "tr")},
      {"stadtlohn", "offer.new", offer("Fahrradwerkstatt", "Diakonie", "treffpunkt", "fa")},
      {"ahaus", "count.enter", {{"month", month}, {"cells", {"arrived:school_type=grundschule=6", "placed:school_type=grundschule=4"}}}},
      {"bocholt", "count.enter", {{"month", month}, {"cells", {"arrived:school_type=grundschule=9"}}}},
      {"bocholt", "count.close", {{"month", month}}},
  };
  for (const auto& sample : samples) {
    if (auto done = ask(sample.office, sample.request, sample.args); !done) return done.error();
  }
  return {};
}

// Two desks of one town change the same field while the line between them is cut: the second desk is Ahaus's library.
Result<void> Demo::make_conflict() {
  const DemoOffice library{"ahaus-buecherei", "Ahaus", "Bücherei"};
  if (auto joined = join(library); !joined) return joined.error();
  const auto find = [&](const std::string& office) -> Result<std::string> {
    for (int i = 0; i < 100; ++i) {
      auto found = ask(office, "offer.search", {{"text", "Sprachcafé"}});
      if (found && !list_of(*found, "offers").empty()) return text_of(list_of(*found, "offers")[0], "id");
      std::this_thread::sleep_for(50ms);
    }
    return Error{Errc::unreachable, tr("The daemons of the demo do not reach each other.")};
  };
  auto offer_id = find("ahaus-buecherei");
  if (!offer_id) return offer_id.error();
  const auto edit = [&](const std::string& office, const char* word) {
    return ask(office, "offer.edit", {{"ref", *offer_id}, {"fields", Json::array({field("status", "=", word)})}});
  };
  if (auto off = ask("ahaus", "offline", Json::object()); !off) return off.error();
  if (auto one = edit("ahaus", "pausiert"); !one) return one.error();
  if (auto other = edit("ahaus-buecherei", "beendet"); !other) return other.error();
  if (auto on = ask("ahaus", "online", Json::object()); !on) return on.error();
  for (int i = 0; i < 100; ++i) {
    auto found = ask("ahaus", "conflict.list", Json::object());
    if (found && !list_of(*found, "conflicts").empty()) return {};
    std::this_thread::sleep_for(50ms);
  }
  return Error{Errc::unreachable, tr("The daemons of the demo do not reach each other.")};
}

Result<void> Demo::start() {
  if (!may_use(folder_)) {
    return Error{Errc::invalid_input, tr("The folder {} holds something that is no demo of yours. Nothing was changed.", {folder_.string()})};
  }
  stop();
  std::error_code failed;
  fs::create_directories(folder_, failed);
  fs::permissions(folder_, fs::perms::owner_all, failed);
  std::ofstream{folder_ / marker} << port_;
  if (failed) return Error{Errc::io_error, folder_.string()};
  port_ = free_port();
  if (auto kreis = set_up_kreis(); !kreis) return kreis.error();
  const auto answers = [&](const std::string& office) {
    for (int i = 0; i < 100; ++i) {
      if (ask(office, "device.list", Json::object())) return true;
      std::this_thread::sleep_for(30ms);
    }
    return false;
  };
  const Error silent{Errc::unreachable, tr("A daemon of the demo does not answer; its words are in {}.", {folder_.string()})};
  if (!answers("kreis")) return silent;
  for (const DemoOffice& town : towns()) {
    if (auto joined = join(town); !joined) return joined.error();
  }
  for (const DemoOffice& town : towns()) {
    if (!answers(town.folder)) return silent;
  }
  if (auto entered = enter_samples(); !entered) return entered.error();
  return make_conflict();
}

}  // namespace kiz::cli
