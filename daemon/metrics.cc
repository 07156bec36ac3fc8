#include "daemon/metrics.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "daemon/log.h"
#include "daemon/server.h"
#include "libclient/backup.h"
#include "libclient/backup_file.h"
#include "libclient/keyring.h"
#include "protocol/membership.h"

namespace kiz {
namespace {

double seconds_of(std::uint64_t ms) { return static_cast<double>(ms) / 1000.0; }

// As common exporters name them, so that dashboards know them.
void tell_process(MetricText& out) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  out.single("process_cpu_seconds_total", "counter", "Processor time of this process.", seconds(used.ru_utime) + seconds(used.ru_stime));
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t pages = 0, resident = 0;
  statm >> pages >> resident;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  out.single("process_resident_memory_bytes", "gauge", "Memory of this process that is in RAM.", static_cast<double>(resident * page_bytes));
  std::size_t open = 0;
  if (DIR* folder = ::opendir("/proc/self/fd")) {
    while (::readdir(folder) != nullptr) ++open;
    ::closedir(folder);
    open -= std::min<std::size_t>(open, 3);  // ".", "..", and the folder itself
  }
  out.single("process_open_fds", "gauge", "Open file descriptors.", static_cast<double>(open));
}

// The usual reasons stand there from the start, so that a rate can be taken of the first one that comes.
void tell_reasons(MetricText& out, std::map<Errc, std::uint64_t> counted, std::initializer_list<Errc> usual) {
  for (const Errc code : usual) counted.try_emplace(code, 0);
  for (const auto& [code, count] : counted) out.sample(static_cast<double>(count), {{"reason", name(code)}});
}

void tell_counters(MetricText& out, Server& server) {
  const Counters& counted = server.counters();
  out.family("kiz_entries_applied_total", "counter", "Entries taken into the store since the start.");
  out.sample(static_cast<double>(counted.entries_local), {{"origin", "local"}});
  out.sample(static_cast<double>(counted.entries_received), {{"origin", "peer"}});
  out.family("kiz_runs_refused_total", "counter", "Runs of entries that peers sent and that were not taken in, by reason.");
  tell_reasons(out, counted.runs_refused, {Errc::gap, Errc::fork, Errc::bad_signature, Errc::broken_chain, Errc::not_permitted});
  out.family("kiz_sessions_ended_total", "counter", "Sessions with peers that ended, by why.");
  tell_reasons(out, counted.sessions_ended, {Errc::ok, Errc::silent_peer});
  out.single("kiz_garbage_connections_total", "counter", "Callers that did not speak our protocol.", static_cast<double>(server.peers().garbage()));
  out.family("kiz_requests_total", "counter", "Requests on the control socket, by result.");
  out.sample(static_cast<double>(counted.requests_done), {{"result", "done"}});
  out.sample(static_cast<double>(counted.requests_refused), {{"result", "refused"}});
  out.family("kiz_log_lines_total", "counter", "Log lines written, by level.");
  for (const auto& [word, count] : log::counts()) out.sample(static_cast<double>(count), {{"level", word}});

  out.family("kiz_sync_duration_seconds", "histogram", "From a connection with a peer until both sides held the same.");
  const Durations& took = counted.sync;
  for (std::size_t i = 0; i < took.upto.size(); ++i) {
    const std::string bound = fmt::format("{}", Durations::bounds_seconds[i]);
    out.sample(static_cast<double>(took.upto[i]), {{"le", bound}}, "_bucket");
  }
  out.sample(static_cast<double>(took.count), {{"le", "+Inf"}}, "_bucket");
  out.sample(took.sum_seconds, {}, "_sum");
  out.sample(static_cast<double>(took.count), {}, "_count");
}

void tell_peers(MetricText& out, Server& server) {
  std::size_t known = 0, reachable = 0, in_sync = 0;
  std::uint64_t owed = 0, newest = 0;
  const Json peers = server.peers().status();
  for (const Json& peer : peers) {
    ++known;
    reachable += peer.value("reachable", false) ? 1u : 0u;
    in_sync += peer.value("in_sync", false) ? 1u : 0u;
    owed += peer.value("pending", std::uint64_t{0});
  }
  newest = server.peers().last_contact_ms();
  out.family("kiz_peers", "gauge", "Devices that this one exchanges with, by state; each state contains the next.");
  out.sample(static_cast<double>(known), {{"state", "known"}});
  out.sample(static_cast<double>(reachable), {{"state", "reachable"}});
  out.sample(static_cast<double>(in_sync), {{"state", "in_sync"}});
  out.single("kiz_connections", "gauge", "Open connections, those included that have not said who they are.", static_cast<double>(server.peers().all().size()));
  out.single("kiz_owed_entries", "gauge", "Entries that peers have not acknowledged yet, added up.", static_cast<double>(owed));
  out.single("kiz_last_contact_timestamp_seconds", "gauge", "When any peer was heard last; 0: not since the start.", seconds_of(newest));
}

std::uint64_t newest_ms(const ReplicaCore& core) {
  std::uint64_t newest = 0;
  for (const SpaceSlot* slot : core.slots()) {
    for (const Head& head : slot->heads()) {
      if (const EntryRef ref = slot->store.find(head.entry)) newest = std::max(newest, slot->store.meta(ref).hlc.value >> 16);
    }
  }
  return newest;
}

void tell_replica(MetricText& out, Server& server, Replica& replica) {
  const StoreFigures figures = replica.figures();
  const auto gauge = [&](std::string_view name, std::string_view help, double value) { out.single(name, "gauge", help, value); };
  gauge("kiz_store_entries", "Entries held.", static_cast<double>(figures.entries));
  gauge("kiz_store_bytes", "Size of the store's files.", static_cast<double>(figures.bytes));
  if (const auto room = backup::room_at(server.config().store)) gauge("kiz_store_free_bytes", "Room left on the disk of the store.", static_cast<double>(*room));
  gauge("kiz_store_writable", "1 while the store can take an edit.", server.takes_edits() ? 1 : 0);
  gauge("kiz_pending_entries", "Own entries that no peer has acknowledged.", static_cast<double>(figures.pending));
  gauge("kiz_conflicts", "Conflicts that wait for a person.", static_cast<double>(replica.conflict_count()));
  gauge("kiz_quarantined_entries", "Entries signed by a device after it was locked out.", static_cast<double>(figures.quarantined));
  gauge("kiz_waiting_entries", "Entries that wait for others they build on.", static_cast<double>(figures.waiting));
  const std::uint64_t now = replica.now_ms(), newest = newest_ms(replica.core());
  gauge("kiz_clock_behind_seconds", "How far this clock is behind the newest entry held; 0: it is not.", newest > now ? seconds_of(newest - now) : 0);
  const Device* own = replica.membership().device(replica.identity().author);
  if (own != nullptr && own->admitted_until_ms > 0) {
    gauge("kiz_membership_expiry_timestamp_seconds", "When the membership of this device ends.", seconds_of(own->admitted_until_ms));
  }
  if (const auto last = backup::last(replica.core())) {
    gauge("kiz_backup_last_success_timestamp_seconds", "When the last good backup was written.", seconds_of(last->at_ms));
    gauge("kiz_backup_size_bytes", "Size of the last good backup.", static_cast<double>(last->bytes));
  }
  out.single("kiz_backup_failures_total", "counter", "Backups that failed since the start.", static_cast<double>(server.counters().backups_failed));
}

void put_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
}

}  // namespace

void MetricText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricText::sample(double value, const std::vector<Label>& labels, std::string_view suffix) {
  text_ += name_;
  text_ += suffix;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    text_ += i == 0 ? "{" : ",";
    text_ += labels[i].name;
    text_ += "=\"";
    put_escaped(text_, labels[i].value);
    text_ += "\"";
  }
  if (!labels.empty()) text_ += "}";
  const bool whole = std::trunc(value) == value && std::abs(value) < 1e15;
  text_ += whole ? fmt::format(" {}\n", static_cast<std::int64_t>(value)) : fmt::format(" {}\n", value);
}

void MetricText::single(std::string_view name, std::string_view type, std::string_view help, double value) {
  family(name, type, help);
  sample(value);
}

std::string metrics_text(Server& server) {
  MetricText out;
  out.family("kiz_build_info", "gauge", "1, with the version of the running program.");
  out.sample(1, {{"version", KIZ_VERSION}});
  out.single("kiz_start_time_seconds", "gauge", "When the daemon started, in seconds since 1970.", seconds_of(server.started_ms()));
  tell_process(out);
  out.single("kiz_set_up", "gauge", "1 once the installation is set up.", server.replica() != nullptr ? 1 : 0);
  out.single("kiz_offline", "gauge", "1 while the exchange is switched off by hand.", server.offline() ? 1 : 0);
  tell_counters(out, server);
  if (Replica* replica = server.replica()) {
    tell_peers(out, server);
    tell_replica(out, server, *replica);
  }
  return out.take();
}

Health health(Server& server) {
  const Replica* replica = server.replica();
  const bool set_up = replica != nullptr, joined = set_up && replica->identity().joined;
  const bool store = set_up && server.takes_edits();
  Health out;
  out.ready = set_up && store && !server.stopping();
  out.json = Json{{"live", true}, {"ready", out.ready}, {"set_up", set_up}, {"joined", joined}, {"store", store}, {"version", KIZ_VERSION}}.dump() + "\n";
  return out;
}

}  // namespace kiz
