#include "daemon/backup_request.h"

#include <fstream>
#include <thread>

#include "daemon/log.h"
#include "daemon/server.h"
#include "libclient/refusals.h"
#include "libclient/sqlite.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

using namespace std::chrono_literals;

// The thread that copies; joined when it goes.
class Copy {
 public:
  Copy(asio::io_context& io, backup::Writer& writer) : done_(io), thread_([this, &writer] { run(writer); }) {}
  ~Copy() {
    stop_ = true;
    thread_.join();
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  bool finished() const { return finished_; }
  /// How far it has come. From parts that belong to two moments, when it is copying just then: it is only shown.
  Progress progress() const { return {what_, copied_, all_}; }
  void stop() { stop_ = true; }
  asio::awaitable<void> wait() { co_await done_.wait_until(std::chrono::steady_clock::now() + 200ms); }
  const Result<backup::Written>& result() const { return result_; }

 private:
  void set(const Progress& told) {
    what_ = told.what;
    copied_ = told.done;
    all_ = told.total;
  }
  void run(backup::Writer& writer) {
    try {
      result_ = writer.run([this](const Progress& told) { set(told); }, stop_);
    } catch (const std::exception&) {
      result_ = Error{Errc::internal, "backup"};
    }
    finished_ = true;
  }

  Wakeup done_;
  std::atomic<bool> stop_{false}, finished_{false};
  std::atomic<const char*> what_{""};
  std::atomic<std::uint64_t> copied_{0}, all_{0};
  Result<backup::Written> result_ = Error{Errc::internal, "backup"};
  std::thread thread_;  // last: starts when all else is there
};

std::exception_ptr tell_of(const Watch& watch, const Progress& progress) {
  try {
    if (watch && progress.total > 0) watch(progress);
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

bool busy = false;  // one thread asks

struct Busy {
  Busy() { busy = true; }
  ~Busy() { busy = false; }
};

}  // namespace

Result<BackupDefaults> backup_defaults(const Server& server) {
  const Config& config = server.config();
  BackupDefaults out;
  out.folder = config.backup_folder;
  out.keep = {config.backup_keep_days, config.backup_keep_weeks, config.backup_keep_months};
  if (config.backup_password_file) {
    std::ifstream in{*config.backup_password_file};
    std::string line;
    if (!std::getline(in, line) || line.empty()) return Error{Errc::io_error, config.backup_password_file->string()};
    out.passphrase = std::move(line);
  }
  return out;
}

asio::awaitable<std::variant<Reply, Refusal>> write_backup(Server& server, Json args, Watch watch) {
  using Out = std::variant<Reply, Refusal>;
  auto defaults = backup_defaults(server);
  if (!defaults) co_return Out{to_refusal(defaults.error())};
  auto options = backup_options(args, *defaults);
  if (auto* refusal = std::get_if<Refusal>(&options)) co_return Out{std::move(*refusal)};
  auto& wanted = std::get<backup::WriteOptions>(options);
  const std::string target = wanted.target.string();
  const bool recovery = wanted.passphrase.has_value();
  if (busy) co_return Out{backup_refusal(Error{Errc::store_in_use, {}}, target)};
  const Busy now_busy;
  try {
    auto writer = backup::Writer::begin(server.replica()->core(), std::move(wanted));
    if (!writer) co_return Out{backup_refusal(writer.error(), target)};
    Copy copy{server.io(), **writer};
    std::exception_ptr hung_up;  // whoever asked is gone; the copy ends first, so that the loop waits for no disk
    while (!copy.finished()) {
      if (server.stopping() || hung_up) copy.stop();
      co_await copy.wait();
      if (!hung_up) hung_up = tell_of(watch, copy.progress());
    }
    if (hung_up) std::rethrow_exception(hung_up);
    auto written = copy.result();
    if (!written) {
      ++server.counters().backups_failed;
      log::error("backup_failed", "code={}", name(written.error().code));
      co_return Out{backup_refusal(written.error(), target)};
    }
    log::info("backup_written", "bytes={} entries={} removed={}", written->bytes, written->entries, written->removed.size());
    if (auto noted = backup::note(server.replica()->core(), *written); !noted) co_return Out{to_refusal(noted.error())};
    co_return Out{backup_reply(*written, recovery)};
  } catch (const SqlFailure& failure) {
    co_return Out{backup_refusal(failure.error(), target)};
  }
}

}  // namespace kiz
