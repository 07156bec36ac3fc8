// kiz pruefen: what is wrong and the command that mends it. The store and the daemon are examined where they are; this
// side adds what only it can see: whether the daemon answers, is of this version, and whether the Kreis can be reached.
#include "cli/commands.h"
#include "cli/doorkeeper.h"
#include "cli/reachable.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/doctor.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
using namespace std::chrono_literals;

constexpr auto reach_max = 3s;

constexpr unsigned short last_code = 255;

Refusal refusal_in(const Json& envelope) {
  const Json& error = envelope["error"];
  Refusal out;
  for (unsigned short number = 1; number <= last_code; ++number) {
    if (text_of(error, "code") == name(static_cast<Errc>(number))) out.code = static_cast<Errc>(number);
  }
  out.text = text_of(error, "text");
  return out;
}

std::string sentence_for(Reach found, const std::string& address) {
  switch (found) {
    case Reach::open: return tr("{} can be reached.", {address});
    case Reach::unknown_name: return tr("The name in {} is not known here.", {address});
    case Reach::refused: return tr("Nobody listens at {}.", {address});
    case Reach::silent: return tr("{} does not answer: a firewall on the way?", {address});
    case Reach::no_route: return tr("There is no way to {} from here.", {address});
  }
  return {};
}

doctor::Finding finding_for(Reach found, const std::string& address) {
  doctor::Report report;
  const std::string text = sentence_for(found, address);
  switch (found) {
    case Reach::open: report.add(doctor::kind("address_open"), text); break;
    case Reach::unknown_name: report.add(doctor::kind("address_unknown"), text, {address.substr(0, address.rfind(':'))}); break;
    case Reach::refused:
    case Reach::silent: report.add(doctor::kind("address_silent"), text); break;
    case Reach::no_route: report.add(doctor::kind("address_far"), text); break;
  }
  return report.findings.front();
}

void try_network(Json& data) {
  for (const Json& each : list_of(data, "dials")) {
    const std::string address = plain(each);
    doctor::add_to(data, finding_for(reach(address, reach_max), address));
  }
}

// What is damaged is asked of the others at once, where a daemon can do that; then the store is looked at again.
Json fetched(Shell& shell, const Json& args, Json found) {
  if (text_of(found["data"], "daemon").empty()) return found;
  const Json synced = shell.ask("sync", {{"wait", true}, {"timeout_ms", 30'000}});
  Json again = shell.ask("doctor", args);
  if (!again.value("ok", false)) return found;
  doctor::Report report;
  const auto before = number_of(found["data"], "damaged_entries"), left = number_of(again["data"], "damaged_entries");
  if (left < before) {
    report.add(doctor::kind("entries_fetched"), tr("Fetched from others: {} of {} damaged entries.", {shown_number(before - left), shown_number(before)}));
  } else {
    const std::string why = synced.value("ok", false) ? tr("nobody who was reached holds them") : text_of(synced["error"], "text");
    report.add(doctor::kind("entries_lost"), tr("None of the damaged entries came back: {}", {why}));
  }
  doctor::add_to(again["data"], report.findings.front());
  return again;
}

// What is found where nobody could be asked.
doctor::Report examine_from_outside(Shell& shell, const Refusal& refusal) {
  doctor::Report report;
  if (shell.barred()) {
    const std::string group = group_let_in(*shell.daemon());
    report.add(doctor::kind("shut_out"), refusal.text, {user_name(), group.empty() ? "kiz-sync" : group});
  } else if (refusal.code == Errc::unreachable) {
    report.add(doctor::kind("daemon_silent"), refusal.text);
  } else {
    report = doctor::examine_closed(refusal, shell.store_directory().string());
  }
  return report;
}

// The table of findings names the machine's own service.
void name_the_unit(Shell& shell, Json& data) {
  const auto unit = shell.unit();
  if (!unit) return;
  for (Json& finding : data["findings"]) {
    if (const auto mend = text_of(finding, "mend"); !mend.empty()) finding["mend"] = unit->mend(mend);
  }
}

Json examine(Shell& shell, const Json& args) {
  Json envelope = shell.ask("doctor", args);
  if (!envelope.value("ok", false)) {
    const doctor::Report report = examine_from_outside(shell, refusal_in(envelope));
    Json data = doctor::to_json(report);
    data["dials"] = Json::array();
    data["daemon"] = nullptr;
    return {{"schema", "kiz.doctor/1"}, {"ok", true}, {"exit", doctor::exit_of(report)}, {"data", std::move(data)}, {"warnings", Json::array()}};
  }
  if (number_of(envelope["data"], "damaged_entries") > 0) envelope = fetched(shell, args, std::move(envelope));
  Json& data = envelope["data"];
  const std::string version = text_of(data, "daemon");
  if (!version.empty() && version != KIZ_VERSION) {
    doctor::Report report;
    report.add(doctor::kind("versions_differ"), tr("kiz is version {}, kizd is version {}.", {KIZ_VERSION, version}));
    doctor::add_to(data, report.findings.front());
  }
  if (is_true(args, "network") || is_true(args, "all")) try_network(data);
  if (envelope.value("exit", 0) == 0 && number_of(data, "warnings") > 0) envelope["exit"] = 3;
  return envelope;
}

void render(Output& out, const Json& data) {
  struct Word {
    const char* text;
    Style style;
  };
  const auto word = [](const std::string& state) -> Word {
    if (state == "good") return {translatable("good"), Style::good};
    if (state == "note") return {translatable("note"), Style::plain};
    if (state == "warning") return {translatable("warning"), Style::warn};
    return {translatable("WRONG"), Style::bad};
  };
  for (const Json& finding : list_of(data, "findings")) {
    const Word shown = word(text_of(finding, "state"));
    out.pair(tr(shown.text), text_of(finding, "text"), 10, shown.style);
    if (const auto mend = text_of(finding, "mend"); !mend.empty()) out.line("-> " + mend, Style::bold, 2);
  }
  for (const Json& fork : list_of(data, "forks")) {
    out.line();
    out.line(tr("Proof: log {}, number {}, device {} of {}", {shortened(text_of(fork, "log")), text_of(fork, "seq"), text_of(fork, "device"), text_of(fork, "member")}), Style::bold);
    for (const Json& branch : list_of(fork, "branches")) {
      out.pair("#" + text_of(branch, "seq"), text_of(branch, "entry"), 8);
      out.pair(tr("signed"), text_of(branch, "signature"), 8);
    }
  }
  out.line();
  const auto bad = number_of(data, "bad"), warnings = number_of(data, "warnings");
  if (bad + warnings == 0) {
    out.line(tr("Nothing is wrong."), Style::good);
  } else {
    out.line(tr("Wrong: {}, warnings: {}.", {shown_number(bad), shown_number(warnings)}), bad > 0 ? Style::bad : Style::warn);
  }
}

Run declare_doctor(Form& form) {
  form.flag("network", "--netz,--network", tr("the network alone; also calls the addresses of the Kreis"))
      .flag("store", "--speicher,--storage", tr("the store alone; every signature is checked"))
      .flag("clock", "--uhr,--clock", tr("the clock alone"))
      .flag("all", "--alles,--all", tr("everything, thoroughly"));
  return [](Shell& shell, Json args) {
    Json envelope = examine(shell, args);
    name_the_unit(shell, envelope["data"]);
    return shell.print(envelope, render);
  };
}
}  // namespace

std::vector<Command> doctor_commands() {
  return {{"pruefen", "doctor", translatable("what is wrong, and the command that mends it"), {"prüfen"}, declare_doctor}};
}

}  // namespace kiz::cli
