// kiz fehlerbericht: what somebody who helps needs to know, without names, addresses, paths and keys. It is shown first;
// it goes nowhere by itself.
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/service_log.h"
#include "cli/settings.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/redact.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {

constexpr unsigned log_lines = 200;

void add(std::vector<Marker>& markers, const std::string& word, const char* shown) {
  if (word.size() > 1) markers.push_back({word, shown});
}

// Everything that this installation knows by name. Longer words first: "Kreis Borken" goes before "Borken".
std::vector<Marker> markers_of(Shell& shell, const Json& status, const Json& members) {
  std::vector<Marker> out;
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) == 0) add(out, host, "<host>");
  if (const passwd* user = ::getpwuid(::getuid())) {
    add(out, user->pw_dir, "<home>");
    add(out, user->pw_name == std::string{"root"} ? "" : user->pw_name, "<user>");
  }
  add(out, shell.store_directory().string(), "<store>");
  for (const auto& [key, shown] : {std::pair{"member_name", "<member>"}, {"realm", "<realm>"}, {"device", "<device>"}, {"member", "<ags>"}}) {
    add(out, text_of(status, key), shown);
  }
  for (const Json& peer : list_of(status, "peers")) {
    add(out, text_of(peer, "name"), "<member>");
    add(out, text_of(peer, "device"), "<device>");
  }
  for (const Json& member : list_of(members, "members")) {
    add(out, text_of(member, "name"), "<member>");
    add(out, text_of(member, "ags"), "<ags>");
  }
  std::stable_sort(out.begin(), out.end(), [](const Marker& a, const Marker& b) { return a.word.size() > b.word.size(); });
  return out;
}

std::string line_of_os_release() {
  const auto text = read_file("/etc/os-release");
  if (!text) return "?";
  const auto at = text->find("PRETTY_NAME=\"");
  if (at == std::string::npos) return "?";
  const auto begin = at + 13;
  return text->substr(begin, text->find('"', begin) - begin);
}

void tell_machine(std::string& out) {
  utsname kernel{};
  ::uname(&kernel);
  out += "kiz-sync " KIZ_VERSION "\n";
  out += "system: " + line_of_os_release() + ", " + kernel.sysname + " " + kernel.release + " " + kernel.machine + "\n";
}

void tell_replica(std::string& out, const Json& status) {
  if (status.empty()) return;
  const auto count = [&](const char* key) { return std::to_string(number_of(status, key)); };
  out += "role: " + text_of(status, "role") + ", joined: " + (is_true(status, "joined") ? "yes" : "no") + ", daemon: " + (is_true(status, "daemon") ? "yes" : "no") +
         ", offline: " + (is_true(status, "offline") ? "yes" : "no") + "\n";
  out += "spaces: " + std::to_string(list_of(status, "spaces").size()) + ", pending: " + count("pending") + ", conflicts: " + count("conflicts") +
         ", quarantine: " + count("quarantine") + ", waiting: " + count("waiting") + "\n";
  if (status.contains("store")) out += "store: " + std::to_string(number_of(status["store"], "entries")) + " entries, " + std::to_string(number_of(status["store"], "bytes")) + " bytes\n";
  std::size_t reachable = 0;
  for (const Json& peer : list_of(status, "peers")) reachable += is_true(peer, "reachable") ? 1u : 0u;
  out += "peers: " + std::to_string(reachable) + " of " + std::to_string(list_of(status, "peers").size()) + " on the line\n";
}

void tell_findings(std::string& out, const Json& doctor) {
  for (const Json& finding : list_of(doctor, "findings")) {
    if (text_of(finding, "state") == "good") continue;
    out += text_of(finding, "state") + " " + text_of(finding, "check") + ": " + text_of(finding, "text") + "\n";
  }
}

// Only what cannot name anybody: numbers, words of our own, and whether something is set.
void tell_configuration(std::string& out, const Json& config) {
  for (const Json& key : list_of(config, "keys")) {
    if (text_of(key, "origin") == "default") continue;
    const std::string type = text_of(key, "type");
    const bool harmless = type == "number" || type == "true or false" || type == "word";
    out += "config " + text_of(key, "key") + ": " + (harmless ? text_of(key, "value") : "(set)") + " [" + text_of(key, "origin") + "]\n";
  }
}

// `seen`: the replica's status as an envelope.
std::string report(Shell& shell, const Json& seen) {
  const Json status = seen.value("data", Json::object());
  const Json members = shell.ask("member.list", Json::object()).value("data", Json::object());
  const Json asked = shell.ask("doctor", Json::object());
  const std::vector<Marker> markers = markers_of(shell, status, members);
  std::string out;
  tell_machine(out);
  tell_replica(out, status);
  if (asked.contains("error")) out += "error: " + text_of(asked["error"], "code") + "\n";
  tell_findings(out, asked.value("data", Json::object()));
  tell_configuration(out, settings(shell, "config.show", {}).value("data", Json::object()));
  if (const auto lines = service_log(shell.unit(), log_lines)) {
    for (const std::string& line : *lines) {
      // "2026-11-22T10:30:00+0100 HOST kizd[123]: event key=value": the second word is the machine.
      const auto first = line.find(' '), second = line.find(' ', first + 1);
      out += "log " + (second == std::string::npos ? line : line.substr(0, first) + line.substr(second)) + "\n";
    }
  }
  return redacted(out, markers);
}

Run declare_bugreport(Form& form) {
  form.operand("file", tr("FILE"), tr("write it here after it was shown"), Need::optional);
  return [](Shell& shell, Json args) {
    Json seen = shell.ask("status", Json::object());
    // Whoever is shut out knows no names that would have to be taken out, and needs a group, not a report.
    if (seen.contains("error") && text_of(seen["error"], "code") == name(Errc::not_permitted)) {
      seen["schema"] = "kiz.bugreport/1";
      return shell.print(seen, {});
    }
    const std::string text = report(shell, seen), file = text_of(args, "file");
    if (!file.empty() && !shell.globals.dry_run) {
      if (!shell.globals.json) {
        shell.out.raw(text);
        shell.out.flush();
        if (!shell.confirmed(tr("Write this to {}?", {file}))) return 1;
      }
      if (auto written = write_file(file, text); !written) return shell.refuse("bugreport", written.error());
    }
    return shell.print({{"schema", "kiz.bugreport/1"}, {"ok", true}, {"exit", 0}, {"data", {{"text", text}, {"file", file.empty() ? Json() : Json(file)}}}, {"warnings", Json::array()}},
                       [&](Output& out, const Json&) {
                         if (file.empty()) out.raw(text);
                       });
  };
}
}  // namespace

std::vector<Command> bugreport_commands() {
  return {{"fehlerbericht", "bugreport", translatable("what a helper needs to know, without names and keys"), {}, declare_bugreport}};
}

}  // namespace kiz::cli
