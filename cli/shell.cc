#include "cli/shell.h"

#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "cli/doorkeeper.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"
#include "cli/setup.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"
#include "protocol/registry.h"

namespace kiz::cli {

namespace {
namespace fs = std::filesystem;

constexpr const char* system_socket = "/run/kiz-sync/control.sock";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Colour colour_of(const std::string& word) {
  if (word == "always" || word == "immer") return Colour::always;
  if (word == "never" || word == "nie") return Colour::never;
  if (word == "auto") return Colour::automatic;
  throw UsageError{tr("\"{}\" is none of auto, always, never.", {word}), {}};
}

fs::path home() {
  if (const auto set = environment("HOME"); !set.empty()) return set;
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_dir : "/";
}

fs::path user_store() {
  const auto data = environment("XDG_DATA_HOME");
  return (data.empty() ? home() / ".local" / "share" : fs::path{data}) / "kiz-sync";
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Switches echo off while it lives.
class Unseen {
 public:
  explicit Unseen(bool wanted) : active_(wanted && ::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!active_) return;
    restore_on_interrupt(&before_);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Unseen() {
    if (!active_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    restore_on_interrupt(nullptr);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  bool active() const { return active_; }

 private:
  termios before_{};
  bool active_;
};

// Requests that leave an entry behind, by their verb.
bool is_change(const std::string& request) {
  static constexpr std::string_view verbs[] = {
      "new", "edit", "end", "delete", "confirm", "copy", "meet", "import", "enter", "tally", "close", "query", "accept", "lock",
      "reopen", "paper", "grant", "refuse", "withdraw", "deliberate", "confirm_paper", "subject_new", "subject_close", "resolve",
      "undo"};
  const std::string verb = request.substr(request.rfind('.') == std::string::npos ? 0 : request.rfind('.') + 1);
  return std::find(std::begin(verbs), std::end(verbs), verb) != std::end(verbs);
}

fs::path socket_meant(const std::string& given) {
  const std::string set = given.empty() ? environment("KIZ_SOCKET") : given;
  return set.empty() ? system_socket : set.c_str();
}

/// The socket is there and may not be asked.
Refusal shut_out(const fs::path& socket) {
  const std::string owners = group_let_in(socket);
  Refusal refusal{Errc::not_permitted, tr("The daemon of this machine does not let you in. Nothing was changed."), {}, 0};
  refusal.hint = owners.empty()
                     ? tr("Ask the administrator of this machine to put you into the right group.")
                     : tr("It answers members of the group {1}. An administrator puts you in: adduser {2} {1}; then log in again.",
                          {owners, user_name()});
  return refusal;
}
}  // namespace

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : std::to_string(::getuid());
}

struct Shell::Target {
  std::optional<fs::path> socket;  // of a daemon that answers
  std::unique_ptr<Replica> replica;
  fs::path store;
  std::optional<std::string> passphrase;
  bool found = false;
};

Shell::Shell(Globals given)
    : globals(std::move(given)),
      out(stdout, colour_of(globals.colour)),
      err(stderr, colour_of(globals.colour)),
      target_(std::make_unique<Target>()) {}

Shell::~Shell() = default;

std::filesystem::path Shell::store_directory() const {
  if (!globals.store.empty()) return globals.store;
  const auto set = environment("KIZ_STORE");
  return set.empty() ? user_store() : fs::path{set};
}

Caller Shell::caller() const { return Caller{LocalRole::administer, user_name(), std::string{language()}}; }

std::chrono::milliseconds Shell::timeout(std::chrono::milliseconds otherwise) const {
  return globals.timeout.empty() ? otherwise : std::chrono::milliseconds{milliseconds_of(globals.timeout)};
}

ReplicaOptions Shell::replica_options() {
  ReplicaOptions options;
  options.directory = store_directory();
  if (!globals.password_file.empty() && !target_->passphrase) {
    auto read = read_file(globals.password_file);
    if (!read) throw UsageError{tr("The password file cannot be read."), {}};
    while (!read->empty() && (read->back() == '\n' || read->back() == '\r')) read->pop_back();
    target_->passphrase = *read;
  }
  options.unlock.passphrase = target_->passphrase;
  return options;
}

Result<void> Shell::open() {
  if (target_->found) return {};
  const auto reach = [this](const fs::path& socket) -> Result<void> {
    auto client = ControlClient::connect(socket);
    if (!client) return client.error();
    target_->socket = socket;
    target_->found = true;
    return {};
  };
  const auto use_store = [this, &reach](const fs::path& store) -> Result<void> {
    target_->store = store;
    if (is_there(store / "control.sock") && reach(store / "control.sock")) return {};
    target_->found = true;
    return {};
  };

  if (!globals.socket.empty()) return reach(globals.socket);
  if (!globals.store.empty()) return use_store(globals.store);
  if (const auto socket = environment("KIZ_SOCKET"); !socket.empty()) return reach(socket);
  if (const auto store = environment("KIZ_STORE"); !store.empty()) return use_store(store);

  const auto system = reach(system_socket);
  if (system) return {};
  if (const auto runtime = environment("XDG_RUNTIME_DIR"); !runtime.empty()) {
    if (reach(fs::path{runtime} / "kiz-sync" / "control.sock")) return {};
  }
  // Without a store of one's own, the machine's daemon is what was meant, and its refusal is what should be told.
  if (system.error().code == Errc::not_permitted && !is_there(user_store())) {
    return Error{Errc::not_permitted, system_socket};
  }
  // Root on a machine with the service installed means the service: nothing begins unseen in root's home folder.
  if (::geteuid() == 0 && !is_there(user_store()) && is_there(fs::path{system_socket}.parent_path())) {
    return Error{Errc::not_found, system_socket};
  }
  return use_store(user_store());
}

std::optional<std::filesystem::path> Shell::daemon() {
  // One that does not answer, or not this user, was meant all the same: no store takes its place.
  if (!open()) return socket_meant(globals.socket);
  return target_->socket;
}

std::optional<Unit> Shell::unit() {
  if (const auto socket = daemon()) return unit_at(*socket, environment("XDG_RUNTIME_DIR"));
  if (target_->store != user_store()) return std::nullopt;
  // Whoever has no store yet, on a machine with the service installed, waits for that.
  const bool machine = !is_there(user_store()) && is_there(fs::path{system_socket}.parent_path());
  return Unit{"kizd", !machine};
}

bool Shell::barred() {
  const auto opened = open();
  return !opened && opened.error().code == Errc::not_permitted;
}

void Shell::adopt(std::unique_ptr<Replica> replica) { target_->replica = std::move(replica); }

Json Shell::ask_daemon(const std::string& request, const Json& args) {
  using namespace std::chrono_literals;
  const Json frame{{"v", 1},
                   {"request", request},
                   {"args", args},
                   {"lang", std::string{language()}},
                   {"dry_run", globals.dry_run},
                   {"progress", !globals.quiet}};
  auto client = ControlClient::connect(*target_->socket);
  if (!client) return refusal_envelope(request, to_refusal(client.error()));
  ProgressLine line{err, !globals.quiet};
  const auto patience = timeout(request == "sync" ? 70s : request == "backup.write" ? 6h : 300s);  // between two words of the daemon
  auto reply = client->ask(frame, patience);
  for (; reply && reply->contains("progress"); reply = client->next(patience)) {
    const Json& told = (*reply)["progress"];
    line.update(tr(text_of(told, "what").c_str()), static_cast<std::uint64_t>(number_of(told, "done")),
                static_cast<std::uint64_t>(number_of(told, "total")));
  }
  line.clear();
  if (!reply) return refusal_envelope(request, to_refusal(reply.error()));
  return std::move(*reply);
}

Result<Replica*> Shell::replica() {
  if (target_->replica == nullptr) {
    auto opened = Replica::open(replica_options());
    if (!opened && opened.error().code == Errc::wrong_key && !target_->passphrase && may_prompt()) {
      target_->passphrase = prompt(tr("Passphrase of the store"), true);
      opened = Replica::open(replica_options());
    }
    if (!opened) return opened.error();
    target_->replica = std::move(*opened);
  }
  return target_->replica.get();
}

Json Shell::ask_store(const std::string& request, const Json& args) {
  auto opened = replica();
  if (!opened) return refusal_envelope(request, to_refusal(opened.error()));
  const Json asked{{"request", request}, {"args", args}, {"dry_run", globals.dry_run}};
  ProgressLine line{err, !globals.quiet};
  Surroundings surroundings;
  surroundings.progress = line.watch();
  return execute(**opened, asked, caller(), surroundings);
}

Json Shell::ask(const std::string& request, const Json& args) {
  if (auto opened = open(); !opened) {
    Refusal refusal = to_refusal(opened.error());
    if (opened.error().code == Errc::not_permitted) refusal = shut_out(socket_meant(globals.socket));
    if (opened.error().code == Errc::not_found) {
      refusal = Refusal{Errc::unreachable, tr("No daemon answers at this socket. Nothing was changed."),
                        tr("Start kizd, or name a store with --store."), 1};
    }
    return refusal_envelope(request, refusal);
  }
  return target_->socket ? ask_daemon(request, args) : ask_store(request, args);
}

int Shell::show(const std::string& request, const Json& args, const Render& render) {
  Json envelope = ask(request, args);
  const bool waits = globals.wait && !globals.dry_run && envelope.value("ok", false) && is_change(request);
  if (!waits) return print(envelope, render);
  // With --wait a change is done when another side has confirmed it. It is safe here in any case: its answer is not lost.
  Json wanted{{"wait", true}};
  if (!globals.timeout.empty()) wanted["timeout_ms"] = milliseconds_of(globals.timeout);
  Json met = daemon() ? ask("sync", wanted) : sync_without_daemon(*this, wanted);
  if (met.value("ok", false)) {
    for (Json& warning : met["warnings"]) envelope["warnings"].push_back(std::move(warning));
    if (envelope.value("exit", 0) == 0) envelope["exit"] = met["exit"];
    return print(envelope, render);
  }
  if (!globals.json) print(envelope, render);
  envelope["ok"] = false;
  envelope["exit"] = met["exit"];
  envelope["error"] = met["error"];
  return print(envelope, {});
}

int Shell::print(const Json& envelope, const Render& render) {
  const int exit = envelope.value("exit", 1);
  if (globals.json) {
    out.json(envelope);
    return exit;
  }
  const auto warnings = envelope.find("warnings");
  if (envelope.value("ok", false)) {
    static const Json nothing = Json::object();
    const auto data = envelope.find("data");
    if (render && !globals.quiet) render(out, data != envelope.end() ? *data : nothing);
    out.flush();
  }
  if (warnings != envelope.end() && warnings->is_array()) {
    for (const Json& warning : *warnings) err.line(tr("Note: {}", {text_of(warning, "text")}), Style::warn);
  }
  if (const auto error = envelope.find("error"); error != envelope.end()) {
    err.line(text_of(*error, "text"), Style::bad);
    if (const auto hint = text_of(*error, "hint"); !hint.empty()) err.line(tr("Next: {}", {hint}));
    if (globals.verbose) err.line(text_of(*error, "code"), Style::dim);
  }
  return exit;
}

int Shell::refuse(const std::string& request, const Refusal& refusal) {
  return print(refusal_envelope(request, refusal), {});
}

int Shell::refuse(const std::string& request, const Error& error) { return refuse(request, to_refusal(error)); }

bool Shell::may_prompt() const {
  return !globals.no_input && !globals.json && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

std::string Shell::prompt(const std::string& question, bool secret) {
  if (!may_prompt()) {
    throw UsageError{tr("\"{}\" was not given, and nobody can be asked here.", {question}), {}};
  }
  err.raw(question + ": ");
  err.flush();
  std::string answer;
  bool read = false;
  {
    const Unseen unseen{secret};
    read = static_cast<bool>(std::getline(std::cin, answer));
    if (unseen.active()) err.raw("\n");
  }
  // What was pasted in several lines is one answer.
  for (pollfd more{STDIN_FILENO, POLLIN, 0}; read && (std::cin.rdbuf()->in_avail() > 0 || ::poll(&more, 1, 50) > 0);) {
    std::string line;
    if (!std::getline(std::cin, line)) break;
    answer += "\n" + line;
  }
  if (!read) throw UsageError{tr("\"{}\" was not answered.", {question}), {}};
  const auto first = answer.find_first_not_of(" \t\r\n");
  const auto last = answer.find_last_not_of(" \t\r\n");
  return first == std::string::npos ? std::string{} : answer.substr(first, last - first + 1);
}

bool Shell::confirmed(const std::string& question) {
  if (globals.yes || globals.dry_run) return true;
  if (!may_prompt()) {
    throw UsageError{tr("This needs a yes: {}", {question}), tr("Give --yes where nobody can be asked.")};
  }
  const std::string answer = registry::fold(prompt(question + " " + tr("[yes/no]")));
  return answer == "ja" || answer == "j" || answer == "yes" || answer == "y";
}

}  // namespace kiz::cli
