#include "daemon/server.h"

#include <algorithm>
#include <csignal>
#include <fstream>

#include "daemon/config_keys.h"
#include "daemon/peer_connection.h"
#include "daemon/service.h"
#include "libclient/checkpoints.h"
#include "libclient/erasure.h"
#include "libclient/idle_memory.h"
#include "libclient/keyring.h"
#include "libclient/sqlite.h"
#include "libclient/store_repair.h"

namespace kiz {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_buffer_bytes = std::size_t{1} << 20;  // what piles up during a commit shares the next one
constexpr auto housekeeping_every = 30s;
constexpr auto goodbye_max = 2s;

std::optional<std::string> first_line_of(const std::optional<std::filesystem::path>& file) {
  if (!file) return std::nullopt;
  std::ifstream in{*file};
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

void spawn(asio::io_context& io, asio::awaitable<void> task) {
  const auto end = [](const std::exception_ptr& escaped) {
    if (!escaped) return;
    try {
      std::rethrow_exception(escaped);
    } catch (const asio::system_error&) {
      // A socket that was closed under a coroutine that waited for it.
    } catch (const SqlFailure& failure) {
      log::error("store_failure", "code={}", name(failure.error().code));
    } catch (const std::exception& fault) {
      log::error("fault", "what={}", fault.what());
    }
  };
  asio::co_spawn(io, std::move(task), end);
}

Server::Server(asio::io_context& io, Config config, CommandLine given)
    : io_(io),
      config_(std::move(config)),
      given_(std::move(given)),
      read_buffer_(read_buffer_bytes),
      changed_(io),
      turns_(io),
      events_(io),
      peers_(*this),
      dialler_(*this),
      listener_(*this),
      control_(*this),
      http_(*this),
      signals_(io, SIGTERM, SIGINT, SIGHUP),
      stop_(io),
      report_(*this) {}

Server::~Server() { workers_.join(); }

ReplicaOptions Server::replica_options() const {
  ReplicaOptions options;
  options.directory = config_.store;
  options.unlock.passphrase = first_line_of(config_.password_file);
  options.program = "kizd";
  options.author_burst_bytes = std::uint64_t{config_.author_burst_mib} << 20;
  options.author_daily_bytes = std::uint64_t{config_.author_daily_mib} << 20;
  return options;
}

Result<void> Server::start() {
  if (auto opened = control_.open(); !opened) return opened.error();
  auto replica = Replica::open(replica_options());
  if (!replica && replica.error().code != Errc::not_set_up) return replica.error();
  if (replica) {
    replica_ = std::move(*replica);
    if (config_.offline) replica_->core().files().keyring().offline = true;
    control_seen_ = replica_->core().control().position();
    was_offline_ = offline();
    if (!was_offline_) {
      if (auto listening = listener_.open(); !listening) return listening.error();
    }
  }
  started_ms_ = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  follow_metrics();
  control_.start();
  dialler_.start();
  for (const std::string& text : config_.peers) {
    const auto peer = parse_peer(text);
    if (!peer) return peer.error();
    member_diallers_.push_back(std::make_unique<Dialler>(*this, *peer));
    member_diallers_.back()->start();
  }
  spawn(io_, wait_for_signals());
  spawn(io_, housekeeping());
  if (const auto interval = service::watchdog_interval()) spawn(io_, report_.feed_watchdog(*interval));
  log::info("started", "store={} listening={}", replica_ ? "open" : "none", listener_.open_sockets());
  report_.ready();
  return {};
}

Result<void> Server::adopt(std::unique_ptr<Replica> replica) {
  replica_ = std::move(replica);
  control_seen_ = replica_->core().control().position();
  was_offline_ = offline();
  log::info("set_up", "authority={}", replica_->identity().is_authority);
  auto listening = listener_.open();
  if (!listening) log::error("cannot_listen", "{}", listening.error().context);
  follow_metrics();
  dial_now();
  report_.tell_status();
  return listening;
}

bool Server::offline() const { return replica_ != nullptr && replica_->core().files().keyring().offline; }

// What was found to be damaged makes every open line compare again: only then it is sent.
bool Server::look_for_damage() {
  const ReplicaCore& core = replica_->core();
  if (damage_as_of_ == core.generation()) return false;
  damage_as_of_ = core.generation();
  if (core.damaged() == damage_seen_) return false;
  damage_seen_ = core.damaged();
  return true;
}

void Server::settle(const PeerConnection* from) {
  if (replica_ == nullptr) return;
  ReplicaCore& core = replica_->core();
  const auto advances = core.take_advances();
  for (const Advance& advance : advances) {
    (from == nullptr ? counters_.entries_local : counters_.entries_received) += advance.head.seq - advance.after.seq;
  }
  const bool control_changed = core.control().position() != control_seen_;
  const bool damage_changed = look_for_damage();
  if (!advances.empty() || control_changed || damage_changed) {
    control_seen_ = core.control().position();
    peers_.spread(advances, control_changed || damage_changed, from);
    if (events_.wanted()) {
      events_.changes(advances, from == nullptr);
      if (control_changed) events_.members();
      events_.conflicts(replica_->conflict_count());
    }
    changed_.notify();
  }
  if (control_changed) {
    peers_.drop_unwelcome();
    report_.tell_status();
  }
  follow_offline();
}

void Server::follow_offline() {
  if (offline() == was_offline_ || stopping_) return;
  was_offline_ = offline();
  log::info(was_offline_ ? "offline" : "online", "");
  if (was_offline_) {
    listener_.close();
    peers_.close_all();
  } else if (auto listening = listener_.open(); !listening) {
    log::error("cannot_listen", "{}", listening.error().context);
  }
  dial_now();
  report_.tell_status();
}

void Server::dial_now() {
  dialler_.dial_now();
  for (const auto& dialler : member_diallers_) dialler->dial_now();
}

bool Server::calls(const TransportKey& device) const {
  return std::any_of(member_diallers_.begin(), member_diallers_.end(),
                     [&device](const auto& dialler) { return dialler->member() == device; });
}

asio::awaitable<void> Server::aside(std::function<void()> work) {
  struct Piece {
    std::function<void()> work;
    Wakeup done;
    std::exception_ptr failed;
    bool ended = false;

    Piece(asio::io_context& io, std::function<void()> what) : work(std::move(what)), done(io) {}
  };
  // Shared with the thread: should this coroutine end with the program, the piece is still whole.
  const auto piece = std::make_shared<Piece>(io_, std::move(work));
  asio::post(workers_, [piece, &io = io_] {
    try {
      piece->work();
    } catch (...) {
      piece->failed = std::current_exception();
    }
    asio::post(io, [piece] {
      piece->ended = true;
      piece->done.notify();
    });
  });
  while (!piece->ended) co_await piece->done.wait_until(never);
  if (piece->failed) std::rethrow_exception(piece->failed);
}

// Figures are a convenience: an address that is taken is told, and the exchange goes on without them.
void Server::follow_metrics() {
  if (auto opened = http_.follow_configuration(); !opened) log::warning("cannot_serve_metrics", "{}", opened.error().context);
}

Surroundings Server::surroundings() {
  Surroundings out;
  out.peers = [this] { return peers_.status(); };
  out.running = [this] {
    const auto& failure = dialler_.last_failure();
    return Json{{"version", KIZ_VERSION},
                {"listen", listener_.addresses()},
                {"peers", peers_.status()},
                {"last_failure", failure ? Json(name(failure->code)) : Json()},
                {"backup_age_max_days", config_.backup_age_max_days}};
  };
  out.committed = [this] { settle(); };
  return out;
}

void Server::reload() {
  report_.reloading();
  auto fresh = read_config(given_);
  if (!fresh) {
    log::error("reload_refused", "{}", fresh.error().context);
    return report_.reloaded();  // as before
  }
  for (const ConfigKey& key : config_keys()) {
    if (shown(key, *fresh) == shown(key, config_)) continue;
    if (!key.live) {
      log::warning("needs_restart", "key={}", key.whole_name());
      continue;
    }
    copy(key, *fresh, config_);
    log::info("changed", "key={}", key.whole_name());
    if (key.whole_name() == "offline" && replica_ != nullptr) replica_->core().files().keyring().offline = config_.offline;
    if (key.whole_name() == "dial") dialler_.dial_now();
  }
  log::set_level(config_.level);
  follow_offline();
  follow_metrics();
  log::info("reloaded", "");
  report_.reloaded();
}

// ---- the end

void Server::stop() {
  if (stopping_) return;
  stopping_ = true;
  report_.stopping();
  log::info("stopping", "peers={}", peers_.all().size());
  spawn(io_, end_in_order());
}

asio::awaitable<void> Server::end_in_order() {
  listener_.close();
  dialler_.stop();
  for (const auto& dialler : member_diallers_) dialler->stop();
  http_.close();
  events_.end();
  peers_.close_all();
  const auto until = std::chrono::steady_clock::now() + goodbye_max;
  while (!peers_.all().empty() && std::chrono::steady_clock::now() < until) {
    co_await changed_.wait_until(std::min(until, std::chrono::steady_clock::now() + 100ms));
  }
  peers_.drop_all();
  control_.close();
  asio::error_code ignored;
  signals_.cancel(ignored);
  stop_.notify();
}

asio::awaitable<void> Server::wait_for_signals() {
  while (!stopping_) {
    asio::error_code failed;
    const int signal = co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    if (signal == SIGHUP) {
      reload();
    } else {
      stop();
    }
  }
}

asio::awaitable<void> Server::pause(std::chrono::milliseconds time) {
  co_await stop_.wait_until(std::chrono::steady_clock::now() + time);
}

// What all have received and nobody reads any more; the Kreis begins with it now and then.
void Server::let_old_values_go(bool may_begin) {
  ReplicaCore& core = replica_->core();
  constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
  const auto cannot = [](const Error& error) { log::warning("cannot_prune", "code={}", name(error.code)); };
  if (may_begin && config_.checkpoint_days > 0 && core.files().issuing_key() != nullptr) {
    const auto begun = checkpoints::plan(core, {.every_ms = config_.checkpoint_days * day_ms});
    if (!begun) return cannot(begun.error());
    const auto issued = checkpoints::issue_own(core);
    if (!issued) return cannot(issued.error());
    if (*begun + *issued > 0) log::info("checkpoints", "begun={} issued={}", *begun, *issued);
    settle(nullptr);
  }
  const auto done = checkpoints::carry_out(core);
  if (!done) return cannot(done.error());
  if (done->refused > 0) log::warning("checkpoint_differs", "spaces={}", done->refused);
  if (done->spaces > 0) log::info("pruned", "spaces={} values={}", done->spaces, done->values);
}

// What peers have acknowledged is written with the next commit; where none comes, now and then.
asio::awaitable<void> Server::housekeeping() {
  constexpr unsigned rounds_per_hour = 120;  // then an order may take effect though nothing has arrived
  std::uint64_t seen = 0, before = 0;
  for (unsigned round = 0; !stopping_; ++round) {
    co_await pause(housekeeping_every);
    report_.tell_status();
    if (const std::uint64_t now = replica_ == nullptr ? 0 : replica_->core().generation(); replica_ != nullptr) {
      if (now == before) release_memory(replica_->core());
      before = now;
    }
    const bool hourly = round % rounds_per_hour == 0;
    if (replica_ != nullptr && (hourly || replica_->core().generation() != seen)) {
      const auto done = erasure::carry_out(replica_->core());
      if (!done) log::warning("cannot_erase", "code={}", name(done.error().code));
      if (done && done->values + done->answers > 0) {
        log::info("erased", "values={} answers={}", done->values, done->answers);
        settle(nullptr);
      }
      let_old_values_go(hourly && round > 0);
      seen = replica_->core().generation();
    }
    if (replica_ == nullptr || !replica_->core().peers().dirty()) continue;
    if (auto saved = replica_->core().save_peer_memory(); !saved) {
      log::warning("cannot_save_peer_memory", "code={}", name(saved.error().code));
    }
  }
}

}  // namespace kiz
