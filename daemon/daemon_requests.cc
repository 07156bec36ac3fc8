#include "daemon/daemon_requests.h"

#include <unistd.h>

#include <algorithm>

#include "daemon/backup_request.h"
#include "daemon/config_keys.h"
#include "daemon/log.h"
#include "daemon/peer_connection.h"
#include "daemon/server.h"
#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/refusals.h"
#include "libclient/requests_setup.h"
#include "libclient/sqlite.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

using namespace std::chrono_literals;

constexpr auto wait_usual = 60s;
constexpr auto wait_max = 1h;
constexpr auto look_again_every = 500ms;  // while somebody waits: what no event announces is seen all the same

struct Asked {
  Server& server;
  std::string name;
  Json args;
  Json whole;
  Caller caller;
  Watch watch = {};

  bool flag(const char* key) const {
    const auto at = args.find(key);
    return at != args.end() && at->is_boolean() && at->get<bool>();
  }
  std::string text(const char* key) const {
    const auto at = args.find(key);
    return at != args.end() && at->is_string() ? at->get<std::string>() : std::string{};
  }
  SteadyPoint deadline() const {
    const auto at = args.find("timeout_ms");
    std::chrono::milliseconds length = wait_usual;
    if (at != args.end() && at->is_number_unsigned()) {
      length = std::chrono::milliseconds{std::min<std::uint64_t>(at->get<std::uint64_t>(), std::chrono::milliseconds{wait_max}.count())};
    }
    return std::chrono::steady_clock::now() + length;
  }
};

Json done(const Asked& asked, Json data, Json warnings = Json::array(), int exit = 0) {
  return {{"schema", "kiz." + asked.name + "/1"}, {"ok", true}, {"exit", exit}, {"data", std::move(data)}, {"warnings", std::move(warnings)}};
}

Json refused(const Asked& asked, const Refusal& refusal) {
  set_language(asked.caller.language);  // another request may have been answered meanwhile
  return refusal_envelope(asked.name, refusal);
}

Json warning(const char* code, const std::string& text) { return Json::array({{{"code", code}, {"text", text}}}); }

asio::awaitable<void> look_again(Server& server, SteadyPoint until) {
  co_await server.changed().wait_until(std::min(until, std::chrono::steady_clock::now() + look_again_every));
}

// ---- sync

struct Exchange {
  std::size_t peers = 0;    // devices to exchange with
  std::size_t reached = 0;
  std::size_t in_sync = 0;
};

Exchange exchange_of(const Server& server, const Json& peers) {
  Exchange out;
  for (const Json& peer : peers) {
    ++out.peers;
    out.reached += peer["reachable"].get<bool>() ? 1u : 0u;
    out.in_sync += peer["in_sync"].get<bool>() ? 1u : 0u;
  }
  if (out.peers == 0 && server.replica() != nullptr && !server.replica()->identity().joined) out.peers = 1;  // the Kreis, still unknown
  return out;
}

Json sync_reply(const Asked& asked) {
  set_language(asked.caller.language);
  const Json peers = asked.server.peers().status();
  const Exchange now = exchange_of(asked.server, peers);
  Json warnings = Json::array();
  int exit = 0;
  if (asked.flag("wait") && now.in_sync < now.peers) {
    exit = 3;
    warnings = warning("W_PEERS_MISSING", tr("{} of {} members' devices could be reached. The others get it as soon as they call.",
                                             {std::to_string(now.in_sync), std::to_string(now.peers)}));
  }
  return done(asked, {{"peers", peers}, {"pending", asked.server.replica()->figures().pending}, {"in_sync", now.in_sync == now.peers}},
              std::move(warnings), exit);
}

Refusal not_in_time(const Server& server) {
  if (server.offline()) {
    return {Errc::unreachable, tr("This machine is switched offline. What was entered is safe and waits here."), tr("kiz online"), 0};
  }
  return {Errc::unreachable, tr("The other side was not reached, or has not confirmed in time. What was entered is safe and goes out by itself."),
          tr("kiz status"), 0};
}

// A refusal by name; a line that broke is tried again.
std::optional<Error> final_failure(const Dialler& dialler, std::uint64_t calls_before) {
  const bool called = dialler.calls_ended() != calls_before || dialler.gave_up();
  if (!called || !dialler.last_failure()) return std::nullopt;
  const Errc code = dialler.last_failure()->code;
  const bool passes = code == Errc::unreachable || code == Errc::ok || code == Errc::silent_peer ||
                      code == Errc::unexpected_message || code == Errc::malformed;
  if (passes) return std::nullopt;
  return dialler.last_failure();
}

// Devices that are called directly come second: a colleague's machine that is switched off does not keep a town from being
// in sync with its Kreis. Each is waited for until it holds the same or its call has failed.
class DirectCalls {
 public:
  explicit DirectCalls(const Server& server) : server_(server) {
    for (const auto& dialler : server.member_diallers()) ended_before_.push_back(dialler->calls_ended());
  }
  bool all_tried() const {
    for (std::size_t i = 0; i < ended_before_.size(); ++i) {
      const Dialler& dialler = *server_.member_diallers()[i];
      const auto device = dialler.member();
      const bool reached = device && server_.peers().to(*device) != nullptr;
      if (dialler.has_somebody() && !reached && dialler.calls_ended() == ended_before_[i]) return false;
    }
    return true;
  }

 private:
  const Server& server_;
  std::vector<std::uint64_t> ended_before_;
};

asio::awaitable<Json> sync(Asked asked) {
  Server& server = asked.server;
  Dialler& dialler = server.dialler();
  const std::uint64_t calls_before = dialler.calls_ended();
  const DirectCalls direct_calls{server};
  if (dialler.line() == nullptr) dialler.dial_now();
  for (const auto& direct : server.member_diallers()) {
    if (direct->line() == nullptr) direct->dial_now();
  }
  if (!asked.flag("wait")) co_return sync_reply(asked);

  const SteadyPoint until = asked.deadline();
  const Dialler::Impatience impatience{dialler};
  const bool calls = dialler.has_somebody();
  const std::uint64_t held_before = server.replica()->figures().entries;
  std::uint64_t most_pending = 0;
  for (;;) {
    const StoreFigures figures = server.replica()->figures();
    most_pending = std::max(most_pending, figures.pending);
    const std::uint64_t come = figures.entries - held_before;
    tell(asked.watch, "exchanging", come + most_pending - figures.pending, come == 0 ? most_pending : 0);
    const Json peers = server.peers().status();
    const Exchange now = exchange_of(server, peers);
    if (now.in_sync == now.peers) co_return sync_reply(asked);
    const bool kreis_has_all = dialler.line() != nullptr && dialler.line()->talk().in_sync();
    if (kreis_has_all && now.in_sync == now.reached && direct_calls.all_tried()) co_return sync_reply(asked);
    // The Kreis cannot call: it has exchanged what it can once all who are on the line hold the same.
    if (!calls && now.reached > 0 && now.in_sync == now.reached) co_return sync_reply(asked);
    if (server.offline() || server.stopping() || (!calls && now.reached == 0)) co_return refused(asked, not_in_time(server));
    if (const auto failed = final_failure(dialler, calls_before)) co_return refused(asked, to_refusal(*failed));
    if (std::chrono::steady_clock::now() >= until) co_return refused(asked, not_in_time(server));
    co_await look_again(server, until);
  }
}

// ---- set-up

Json setup(const Asked& asked) {
  if (asked.server.replica() != nullptr) return refused(asked, to_refusal(Error{Errc::already_set_up, {}}));
  if (const auto listen = asked.text("listen"); !listen.empty()) {
    if (auto address = parse_address(listen); !address) {
      return refused(asked, {Errc::invalid_input, address.error().context + " " + tr("Nothing was changed."), {}, 0});
    }
  }
  Begun begun = execute_setup(asked.server.replica_options(), asked.whole, asked.caller);
  if (!begun.replica) return std::move(begun.envelope);
  if (auto listening = asked.server.adopt(std::move(begun.replica)); !listening) {
    begun.envelope["warnings"].push_back(
        {{"code", "W_NOT_LISTENING"},
         {"text", tr("The towns cannot call yet: {}. Mend it, then start kizd again.", {listening.error().context})}});
  }
  begun.envelope["data"]["listen"] = asked.server.listener().addresses();
  return std::move(begun.envelope);
}

Json begin_join(const Asked& asked) {
  Server& server = asked.server;
  if (server.replica() == nullptr) {
    Begun begun = execute_join(server.replica_options(), asked.whole, asked.caller);
    if (begun.replica) {
      static_cast<void>(server.adopt(std::move(begun.replica)));  // a town listens nowhere; if it shall, the log says why not
      server.dialler().on_new_invite();
    }
    return std::move(begun.envelope);
  }
  // This device has an invite that did not lead to a membership yet: the number was mistyped, or the Kreis not reached.
  if (server.replica()->identity().joined) return refused(asked, to_refusal(Error{Errc::already_set_up, {}}));
  if (auto again = retry_join(*server.replica(), asked.text("invite"), asked.text("check")); !again) {
    return refused(asked, to_refusal(again.error()));
  }
  server.dialler().on_new_invite();
  return done(asked, {{"joined", false}, {"device", server.replica()->identity().device},
                      {"addresses", server.replica()->core().files().keyring().kreis_addresses}});
}

asio::awaitable<Json> join(Asked asked) {
  Server& server = asked.server;
  if (asked.caller.role < LocalRole::administer) {
    co_return refused(asked, {Errc::not_permitted, tr("Only an administrator of this machine may set it up. Nothing was changed."),
                              tr("Ask the administrator of this machine to put you into the right group."), 0});
  }
  const std::uint64_t calls_before = server.dialler().calls_ended();
  Json envelope = begin_join(asked);
  if (!envelope["ok"].get<bool>() || server.replica() == nullptr) co_return envelope;

  const SteadyPoint until = asked.deadline();
  const Dialler::Impatience impatience{server.dialler()};
  Json& data = envelope["data"];
  for (;;) {
    const Identity self = server.replica()->identity();
    const PeerConnection* line = server.dialler().line();
    data["joined"] = self.joined;
    data["member"] = self.joined ? Json(self.member) : Json();
    data["member_name"] = self.joined ? Json(self.member_name) : Json();
    data["realm"] = self.joined ? Json(self.realm_name) : Json();
    if (self.joined) co_return envelope;
    if (line != nullptr && line->talk().confirmation_code()) {
      data["confirmation"] = *line->talk().confirmation_code();
      co_return envelope;
    }
    if (const auto failed = final_failure(server.dialler(), calls_before)) co_return refused(asked, to_refusal(*failed));
    if (server.stopping() || std::chrono::steady_clock::now() >= until) break;
    co_await look_again(server, until);
  }
  set_language(asked.caller.language);
  envelope["warnings"] = warning("W_UNREACHABLE", tr("The Kreis was not reached. The invite is kept; try again with: kiz sync"));
  co_return envelope;
}

// ---- invites

// Their check numbers are stretched beside the exchange, which goes on; then they are issued in one go.
asio::awaitable<Json> invite(Asked asked) {
  Server& server = asked.server;
  Json rehearsal = asked.whole;
  rehearsal["dry_run"] = true;
  Json planned = execute(*server.replica(), rehearsal, asked.caller, server.surroundings());
  if (!planned["ok"].get<bool>() || asked.whole.value("dry_run", false)) co_return planned;

  const auto& data = planned["data"];
  const std::size_t count = data.contains("invites") ? data["invites"].size() : 1;
  const auto drafts = std::make_shared<std::vector<InviteDraft>>();
  for (std::size_t i = 0; i < count && !server.stopping(); ++i) {
    const auto draft = std::make_shared<InviteDraft>(draft_invite(*server.replica()));
    std::function<void()> work = [draft] { stretch(*draft); };
    co_await server.aside(std::move(work));
    drafts->push_back(std::move(*draft));
  }
  Surroundings surroundings = server.surroundings();
  surroundings.stretched_invite = [drafts]() -> std::unique_ptr<InviteDraft> {
    if (drafts->empty()) return nullptr;
    auto next = std::make_unique<InviteDraft>(std::move(drafts->back()));
    drafts->pop_back();
    return next;
  };
  set_language(asked.caller.language);
  Json reply = execute(*server.replica(), asked.whole, asked.caller, surroundings);
  server.settle();
  co_return reply;
}

// ---- devices that a person must confirm

std::vector<PeerConnection*> waiting_devices(const Server& server, Peers& peers) {
  std::vector<PeerConnection*> out;
  if (server.replica() == nullptr || !server.replica()->identity().is_authority) return out;
  for (PeerConnection* connection : peers.all()) {
    if (connection->talk().confirmation_code()) out.push_back(connection);
  }
  return out;
}

Json waiting(const Asked& asked) {
  Json list = Json::array();
  for (PeerConnection* connection : waiting_devices(asked.server, asked.server.peers())) {
    list.push_back({{"code", *connection->talk().confirmation_code()},
                    {"device", connection->talk().asking_device()},
                    {"address", connection->address().to_string()}});
  }
  return done(asked, {{"waiting", std::move(list)}});
}

Json confirm(const Asked& asked) {
  std::string code = asked.text("ref");
  std::erase_if(code, [](char c) { return c == ' ' || c == '-'; });
  for (PeerConnection* connection : waiting_devices(asked.server, asked.server.peers())) {
    if (*connection->talk().confirmation_code() != code) continue;
    const bool equal = !asked.flag("reject");
    const TransportKey peer = *connection->talk().peer();
    if (!asked.whole.value("dry_run", false)) {
      connection->talk().confirm(equal, steady_now());
      connection->wake();
      asked.server.settle(connection);
    }
    const Membership& membership = asked.server.replica()->membership();
    const Device* device = membership.device(peer);
    const Member* member = device != nullptr ? membership.member(device->member) : nullptr;
    return done(asked, {{"ref", asked.server.peers().ref_of(*connection)},
                        {"confirmed", equal},
                        {"member_name", member != nullptr ? Json(member->name) : Json()}});
  }
  return refused(asked, {Errc::not_found, tr("No device waits with this code. Nothing was changed."),
                         tr("The code stands on the screen of the device that joins; it stays on the line while it waits."), 0});
}

// ---- backups

asio::awaitable<Json> write_backup_reply(Asked asked) {
  auto answer = co_await write_backup(asked.server, asked.args, asked.watch);
  if (auto* refusal = std::get_if<Refusal>(&answer)) co_return refused(asked, *refusal);
  set_language(asked.caller.language);
  Reply& reply = std::get<Reply>(answer);
  Json warnings = Json::array();
  for (const Warning& each : reply.warnings) warnings.push_back({{"code", each.code}, {"text", each.text}});
  co_return done(asked, std::move(reply.data), std::move(warnings), reply.exit);
}

Json read_backup(const Asked& asked) {
  if (asked.server.replica() != nullptr) return refused(asked, to_refusal(Error{Errc::already_set_up, {}}));
  Begun begun = execute_restore(asked.server.replica_options(), asked.whole, asked.caller, asked.watch);
  if (begun.replica) static_cast<void>(asked.server.adopt(std::move(begun.replica)));  // if it cannot listen, the log says why
  return std::move(begun.envelope);
}

// ---- the daemon itself

Json daemon_status(const Asked& asked) {
  Server& server = asked.server;
  return done(asked, {{"version", KIZ_VERSION},
                      {"pid", ::getpid()},
                      {"set_up", server.replica() != nullptr},
                      {"joined", server.replica() != nullptr && server.replica()->identity().joined},
                      {"offline", server.offline()},
                      {"listen", server.listener().addresses()},
                      {"connections", server.peers().all().size()},
                      {"garbage", server.peers().garbage()},
                      {"turned_away", server.listener().doorkeeper().turned_away()},
                      {"peers", server.peers().status()}});
}

Json show_config(const Asked& asked) { return done(asked, config_json(asked.server.config())); }

Json shut_down(const Asked& asked) {
  asked.server.stop();
  return done(asked, {{"pid", ::getpid()}});
}

struct Own {
  const char* name;
  LocalRole role;
  bool needs_replica;
  Json (*answer)(const Asked&);
  asio::awaitable<Json> (*waits)(Asked);
};

constexpr Own own_requests[] = {
    {"sync", LocalRole::read, true, nullptr, sync},
    {"join", LocalRole::read, false, nullptr, join},
    {"setup", LocalRole::read, false, setup, nullptr},  // refuses by itself, with a sentence of its own
    {"member.invite", LocalRole::administer, true, nullptr, invite},
    {"member.invite_all", LocalRole::administer, true, nullptr, invite},
    {"member.waiting", LocalRole::administer, true, waiting, nullptr},
    {"member.confirm", LocalRole::administer, true, confirm, nullptr},
    {"backup.write", LocalRole::administer, true, nullptr, write_backup_reply},
    {"backup.read", LocalRole::administer, false, read_backup, nullptr},
    {"daemon.status", LocalRole::read, false, daemon_status, nullptr},
    {"config.show", LocalRole::read, false, show_config, nullptr},
    {"shutdown", LocalRole::administer, false, shut_down, nullptr},
};

Json ask_replica(const Asked& asked) {
  if (asked.server.replica() == nullptr) return refused(asked, to_refusal(Error{Errc::not_set_up, {}}));
  try {
    Surroundings surroundings = asked.server.surroundings();
    surroundings.progress = asked.watch;
    Json reply = execute(*asked.server.replica(), asked.whole, asked.caller, surroundings);
    asked.server.settle();
    return reply;
  } catch (const SqlFailure& failure) {
    log::error("store_failure", "code={} request={}", name(failure.error().code), asked.name);
    return refused(asked, to_refusal(failure.error()));
  }
}

}  // namespace

asio::awaitable<Json> answer_request(Server& server, Json request, Caller caller, Watch watch) {
  Asked asked{server, {}, Json::object(), {}, std::move(caller), std::move(watch)};
  if (const auto named = request.find("request"); named != request.end() && named->is_string()) asked.name = named->get<std::string>();
  if (const auto args = request.find("args"); args != request.end() && args->is_object()) asked.args = *args;
  asked.whole = std::move(request);
  for (const Own& own : own_requests) {
    if (asked.name != own.name) continue;
    if (asked.caller.role < own.role) {
      co_return refused(asked, {Errc::not_permitted, tr("Your role on this machine does not allow this. Nothing was changed."),
                                tr("Ask the administrator of this machine to put you into the right group."), 0});
    }
    if (own.needs_replica && server.replica() == nullptr) co_return refused(asked, to_refusal(Error{Errc::not_set_up, {}}));
    if (own.answer != nullptr) co_return own.answer(asked);
    Json reply = co_await own.waits(std::move(asked));
    co_return reply;
  }
  co_return ask_replica(asked);
}

}  // namespace kiz
