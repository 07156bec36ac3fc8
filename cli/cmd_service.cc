// kiz dienst: the daemon as this machine runs it, and what it has told.
#include "cli/beside.h"
#include "cli/commands.h"
#include "cli/service_log.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
constexpr std::size_t labels = 14;

Json envelope_of(const char* request, Json data) {
  return {{"schema", std::string{"kiz."} + request + "/1"}, {"ok", true}, {"exit", 0}, {"data", std::move(data)}, {"warnings", Json::array()}};
}

void render_none(Output& out, const Unit& unit) {
  out.line(tr("No daemon answers here."), Style::warn);
  out.pair(tr("Next"), unit.systemctl("start"), labels);
}

void render_status(Output& out, const Json& data) {
  out.line(tr("kizd {} runs (process {}).", {text_of(data, "version"), text_of(data, "pid")}), Style::good);
  out.pair(tr("Set up"), is_true(data, "set_up") ? tr("yes") : tr("no"), labels);
  std::string listening;
  for (const Json& address : list_of(data, "listen")) listening += (listening.empty() ? "" : ", ") + plain(address);
  out.pair(tr("Listens at"), listening.empty() ? tr("nowhere") : listening, labels);
  std::int64_t reachable = 0;
  for (const Json& peer : list_of(data, "peers")) reachable += is_true(peer, "reachable") ? 1 : 0;
  out.pair(tr("On the line"), tr("{} of {}", {shown_number(reachable), shown_number(static_cast<std::int64_t>(list_of(data, "peers").size()))}), labels);
  if (is_true(data, "offline")) out.pair(tr("Exchange"), tr("switched off by hand"), labels, Style::warn);
}

Run declare_status(Form&) {
  return [](Shell& shell, Json) {
    const auto none = [&shell] {
      return shell.print(envelope_of("service.status", {{"running", false}}),
                         [&shell](Output& out, const Json&) { render_none(out, shell.unit().value_or(Unit{})); });
    };
    if (!shell.daemon()) return none();
    // One that does not let this user in runs all the same; asking it says whom it lets in.
    Json envelope = shell.ask("daemon.status", Json::object());
    if (envelope.contains("error") && text_of(envelope["error"], "code") == name(Errc::unreachable)) return none();
    if (!envelope.value("ok", false)) return shell.print(envelope, render_status);
    Json data{{"running", true}};
    data.update(envelope["data"]);
    return shell.print(envelope_of("service.status", std::move(data)), render_status);
  };
}

Run declare_log(Form& form) {
  form.number("lines", "--zeilen,--lines", "N", tr("so many lines, the last ones; else 50"));
  return [](Shell& shell, Json args) {
    const auto lines = service_log(shell.unit(), args.contains("lines") ? static_cast<unsigned>(std::clamp<std::int64_t>(number_of(args, "lines"), 1, 10'000)) : 50);
    if (!lines) return shell.refuse("service.log", lines.error());
    return shell.print(envelope_of("service.log", {{"lines", *lines}}), [](Output& out, const Json& data) {
      if (list_of(data, "lines").empty()) return out.line(tr("The journal holds nothing of kizd."));
      for (const Json& line : list_of(data, "lines")) out.line(plain(line));
    });
  };
}
}  // namespace

Result<std::vector<std::string>> service_log(const std::optional<Unit>& unit, unsigned lines) {
  // Of all that kizd tells on this machine, what another Kreis or another user is told is nobody's business here.
  if (!unit) return Error{Errc::not_found, tr("systemd does not run the daemon of this store, so the journal does not hold what it tells.")};
  const Ran ran = run_program({"journalctl", unit->journal_option(), "--identifier=kizd", "--no-pager", "--quiet", "--output=short-iso", "--lines=" + std::to_string(lines)});
  if (!ran.started || ran.exit == 127) return Error{Errc::not_found, tr("There is no journal on this machine: journalctl is missing.")};
  if (ran.exit != 0) return Error{Errc::not_permitted, tr("The journal cannot be read with your rights.")};
  std::vector<std::string> out;
  for (std::size_t at = 0; at < ran.output.size();) {
    const std::size_t end = std::min(ran.output.find('\n', at), ran.output.size());
    if (end > at) out.push_back(ran.output.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::vector<Command> service_commands() {
  return {{"dienst", "service", translatable("the service on this machine"), {}, nullptr,
           {{"status", "status", translatable("whether it runs"), {}, declare_status},
            {"protokoll", "log", translatable("what it has told"), {}, declare_log}}}};
}

}  // namespace kiz::cli
