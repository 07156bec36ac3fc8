// kiz pruefen: what is wrong and the command that mends it. The store and the daemon are examined where they are; this
// side adds what only it can see: whether the daemon answers, is of this version, and whether the Kreis can be reached.
#include "cli/commands.h"
#include "cli/reachable.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/doctor.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
using namespace std::chrono_literals;
using doctor::State;

constexpr auto reach_max = 3s;

Refusal refusal_in(const Json& envelope) {
  const Json& error = envelope["error"];
  Refusal out;
  const std::string code = text_of(error, "code");
  out.code = code == "E_UNREACHABLE" ? Errc::unreachable : code == "E_NOT_PERMITTED" ? Errc::not_permitted : Errc::internal;
  out.text = text_of(error, "text");
  out.hint = text_of(error, "hint");
  out.exit = envelope.value("exit", 1);
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

const char* command_for(Reach found) {
  switch (found) {
    case Reach::unknown_name: return "getent hosts";
    case Reach::no_route: return "ip route";
    default: return nullptr;
  }
}

// Adds a finding to what the other side found, and to its counts.
void add(Json& data, const char* check, State state, const std::string& text, const std::string& mend) {
  constexpr const char* states[] = {"good", "note", "warning", "bad"};
  constexpr const char* counts[] = {"good", "notes", "warnings", "bad"};
  const auto at = static_cast<std::size_t>(state);
  data["findings"].push_back({{"check", check}, {"state", states[at]}, {"text", text}, {"mend", mend.empty() ? Json() : Json(mend)}});
  data[counts[at]] = number_of(data, counts[at]) + 1;
}

void try_network(Json& data) {
  for (const Json& each : list_of(data, "dials")) {
    const std::string address = plain(each);
    const Reach found = reach(address, reach_max);
    const char* command = command_for(found);
    add(data, "network", found == Reach::open ? State::good : State::warning, sentence_for(found, address), command != nullptr ? command : found == Reach::open ? "" : tr("kiz sync --wait"));
  }
}

// What is damaged is asked of the others at once, where a daemon can do that; then the store is looked at again.
Json fetched(Shell& shell, const Json& args, Json found) {
  if (text_of(found["data"], "daemon").empty()) return found;
  const Json synced = shell.ask("sync", {{"wait", true}, {"timeout_ms", 30'000}});
  Json again = shell.ask("doctor", args);
  if (!again.value("ok", false)) return found;
  const auto before = number_of(found["data"], "damaged_entries"), left = number_of(again["data"], "damaged_entries");
  if (left < before) {
    add(again["data"], "integrity", State::note, tr("Fetched from others: {} of {} damaged entries.", {shown_number(before - left), shown_number(before)}), "");
  } else {
    const std::string why = synced.value("ok", false) ? tr("nobody who was reached holds them") : text_of(synced["error"], "text");
    add(again["data"], "integrity", State::warning, tr("None of the damaged entries came back: {}", {why}), tr("kiz backup restore FILE"));
  }
  return again;
}

Json examine(Shell& shell, const Json& args) {
  Json envelope = shell.ask("doctor", args);
  if (!envelope.value("ok", false)) {
    const doctor::Report report = doctor::examine_closed(refusal_in(envelope));
    Json data = doctor::to_json(report);
    data["dials"] = Json::array();
    data["daemon"] = nullptr;
    return {{"schema", "kiz.doctor/1"}, {"ok", true}, {"exit", doctor::exit_of(report)}, {"data", std::move(data)}, {"warnings", Json::array()}};
  }
  if (number_of(envelope["data"], "damaged_entries") > 0) envelope = fetched(shell, args, std::move(envelope));
  Json& data = envelope["data"];
  const std::string version = text_of(data, "daemon");
  if (!version.empty() && version != KIZ_VERSION) {
    add(data, "version", State::warning, tr("kiz is version {}, kizd is version {}.", {KIZ_VERSION, version}), "systemctl restart kizd");
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
  return [](Shell& shell, Json args) { return shell.print(examine(shell, args), render); };
}
}  // namespace

std::vector<Command> doctor_commands() {
  return {{"pruefen", "doctor", translatable("what is wrong, and the command that mends it"), {"prüfen"}, declare_doctor}};
}

}  // namespace kiz::cli
