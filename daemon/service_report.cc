#include "daemon/service_report.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/server.h"
#include "daemon/service.h"
#include "libclient/backup_file.h"
#include "libclient/replica_core.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

constexpr std::uint64_t room_for_an_edit = 1u << 20;  // with all that SQLite may write for it

/// Speaks the machine's language while it lives; requests come and go in others.
class Speaking {
 public:
  explicit Speaking(std::string_view wanted) : before_(language()) { set_language(wanted); }
  ~Speaking() { set_language(before_); }
  Speaking(const Speaking&) = delete;
  Speaking& operator=(const Speaking&) = delete;

 private:
  std::string before_;
};

// A disk that failed is mounted anew read-only, a network file system goes away: SQLite's own cache hides both.
bool file_is_writable(const std::string& path) {
  struct statvfs disk {};
  return ::access(path.c_str(), R_OK | W_OK) == 0 && ::statvfs(path.c_str(), &disk) == 0 && (disk.f_flag & ST_RDONLY) == 0;
}

}  // namespace

ServiceReport::ServiceReport(Server& server) : server_(server), language_(language()) {}

std::string ServiceReport::status() const {
  const Speaking machine{language_};
  const Replica* replica = server_.replica();
  if (server_.stopping()) return tr("Ending in order.");
  if (replica == nullptr) return tr("Waits to be set up: kiz setup, or kiz join.");
  const Identity who = replica->identity();
  if (!who.joined) return tr("Waits for its membership.");
  if (server_.offline()) return tr("Offline by hand: kiz online ends this.");
  const auto [known, reachable] = server_.peers().count();
  return tr("Exchanging: {} of {} devices reachable.", {std::to_string(reachable), std::to_string(known)});
}

void ServiceReport::tell_status() {
  std::string line = status();
  if (line == told_) return;
  told_ = std::move(line);
  service::notify("STATUS=" + told_);
}

void ServiceReport::ready() {
  tell_status();
  service::notify("READY=1");
}

void ServiceReport::reloading() { service::notify_reloading(); }

void ServiceReport::reloaded() { service::notify("READY=1"); }

void ServiceReport::stopping() {
  service::notify("STOPPING=1");
  tell_status();
}

bool ServiceReport::store_works() const {
  Replica* replica = server_.replica();
  if (replica == nullptr) return true;
  if (!file_is_writable(replica->core().files().database_path())) return false;
  if (replica->core().needs_opening_anew()) return false;
  try {
    Sql& db = replica->core().db();
    const Transaction writable{db};  // rolled back
    auto tables = db.query("SELECT count(*) FROM sqlite_schema");
    return tables.step() && tables.count(0) > 0;
  } catch (const SqlFailure&) {
    return false;
  }
}

bool ServiceReport::takes_edits() const {
  if (!store_works()) return false;
  Replica* replica = server_.replica();
  if (replica == nullptr || !replica->core().lacked_room()) return true;
  const auto room = backup::room_at(server_.config().store);
  return room && *room >= room_for_an_edit;
}

asio::awaitable<void> ServiceReport::feed_watchdog(std::chrono::milliseconds interval) {
  while (!server_.stopping()) {
    const bool works = store_works();
    if (works) service::notify("WATCHDOG=1");
    if (works == failing_) {
      failing_ = !works;
      log::write(works ? log::Level::info : log::Level::error, works ? "store_answers" : "store_does_not_answer", "");
    }
    co_await server_.pause(interval);
  }
}

}  // namespace kiz
