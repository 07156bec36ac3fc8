// kiz status, sync, offline, online, ereignisse, rueckgaengig, verify: the replica itself and its exchange with others.
#include <algorithm>

#include "cli/commands.h"
#include "cli/record_text.h"
#include "cli/setup.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
constexpr std::size_t labels = 15;

std::string role_word(const std::string& role) {
  if (role == "kreis") return tr("Kreis");
  if (role == "land") return tr("Land");
  if (role == "municipality") return tr("municipality");
  return role;
}

std::string exchange_sentence(const Json& data) {
  const auto pending = number_of(data, "pending");
  const Json& peers = list_of(data, "peers");
  std::string last, with;
  std::int64_t reachable = 0, owed = 0;
  for (const Json& peer : peers) {
    reachable += is_true(peer, "reachable") ? 1 : 0;
    owed += number_of(peer, "pending");
    if (const auto time = text_of(peer, "last_contact"); time > last) {
      last = time;
      with = text_of(peer, "name");
    }
  }
  const std::string when = last.empty() ? std::string{} : tr(" ({}, {})", {shown_time(last), with});
  if (is_true(data, "offline")) {
    return trn("switched off, {} change waits here", "switched off, {} changes wait here", static_cast<unsigned long>(pending)) + when;
  }
  if (!peers.empty() && !last.empty() && pending == 0 && owed == 0) return tr("all exchanged") + when;
  if (pending > 0) {
    return trn("{} change here that nobody has confirmed yet", "{} changes here that nobody has confirmed yet",
               static_cast<unsigned long>(pending)) +
           when;
  }
  if (owed > 0) return trn("{} change still to go", "{} changes still to go", static_cast<unsigned long>(owed)) + when;
  if (!is_true(data, "daemon")) return tr("no daemon runs on this store; nothing of ours is unconfirmed");
  return peers.empty() ? tr("nobody to exchange with yet") : tr("nobody reached yet");
}

std::string return_sentence(const Json& month) {
  std::string text = shown_month(text_of(month, "month")) + ": ";
  if (month.contains("expected")) {
    text += tr("{} of {} have reported", {text_of(month, "reported"), text_of(month, "expected")});
  } else {
    text += return_word(text_of(month, "state"));
  }
  if (!is_true(month, "handed_in")) text += tr(", due {}", {shown_time(text_of(month, "due"))});
  if (const auto missing = number_of(month, "missing"); missing > 0) {
    text += trn(", {} figure missing", ", {} figures missing", static_cast<unsigned long>(missing));
  }
  return text;
}

bool is_serious(const Json& alarm) { return text_of(alarm, "grade") != "notice"; }

// What keeps the health from being good, in one line; empty when it is.
std::string complaints_of(const Json& data) {
  const Json& alarms = list_of(data, "alarms");
  const auto serious = std::count_if(alarms.begin(), alarms.end(), is_serious);
  const auto quarantine = number_of(data, "quarantine");
  std::string text;
  if (serious > 0) text = trn("{} point that needs attention", "{} points that need attention", static_cast<unsigned long>(serious));
  if (quarantine > 0) {
    text += (text.empty() ? "" : ", ") + trn("{} entry in quarantine", "{} entries in quarantine", static_cast<unsigned long>(quarantine));
  }
  return text;
}

struct Advice {
  std::vector<std::string> commands;
  void add(bool wanted, const char* command) {
    if (wanted && commands.size() < 3) commands.push_back(tr(command));
  }
};

void render_status(Output& out, const Json& data) {
  const std::string realm = text_of(data, "realm");
  const std::string name = text_of(data, "member_name");
  out.line(name + (realm.empty() || realm == name ? "" : " · " + realm) + " · " + role_word(text_of(data, "role")),
           Style::bold);
  out.pair(tr("Device"), text_of(data, "device"), labels);
  out.pair(tr("Exchange"), exchange_sentence(data), labels);

  const auto conflicts = number_of(data, "conflicts"), overdue = number_of(data, "overdue_offers");
  const bool has_month = data.contains("return") && data["return"].is_object();
  const bool open_month = has_month && data["return"].contains("state") && !is_true(data["return"], "handed_in");
  if (has_month) out.pair(tr("Month"), return_sentence(data["return"]), labels);
  out.pair(tr("Conflicts"), conflicts == 0 ? tr("none") : tr("{} to settle", {shown_number(conflicts)}), labels,
           conflicts == 0 ? Style::plain : Style::warn);
  if (overdue > 0) out.pair(tr("Offers"), tr("{} not confirmed for 180 days", {shown_number(overdue)}), labels);
  const Json& queries = list_of(data, "queries");
  for (const Json& query : queries) {
    out.pair(tr("Query"), shown_month(text_of(query, "month")) + ": " + text_of(query, "text"), labels, Style::warn);
    if (&query - &queries.front() >= 2) break;
  }
  const Json& consents = list_of(data, "consent_requests");
  for (std::size_t i = 0; i < consents.size() && i < 3; ++i) {
    const auto by = text_of(consents[i], "wanted_by");
    out.pair(tr("Consent"), text_of(consents[i], "ref") + " " + text_of(consents[i], "title") +
                                (by.empty() ? "" : tr(", wanted by {}", {shown_time(by)})), labels);
  }
  const Json& alarms = list_of(data, "alarms");
  for (std::size_t i = 0; i < alarms.size() && i < 3; ++i) {
    const bool serious = is_serious(alarms[i]), bad = text_of(alarms[i], "grade") == "alarm";
    out.pair(serious ? tr("Attention") : tr("Notice"), text_of(alarms[i], "text"), labels,
             bad ? Style::bad : serious ? Style::warn : Style::plain);
  }
  std::string receipt;
  for (const Json& each : list_of(data, "receipts")) receipt = std::max(receipt, text_of(each, "time"));
  if (!receipt.empty()) out.pair(tr("Receipt"), tr("the Kreis has what was here on {}", {shown_time(receipt)}), labels);
  const auto until = text_of(data, "membership_until");
  const std::string unwell = complaints_of(data);
  out.pair(tr("Health"), unwell.empty() ? tr("good") : unwell, labels, unwell.empty() ? Style::good : Style::warn);
  if (!until.empty()) out.pair(tr("Member until"), shown_time(until.substr(0, 10)), labels);

  Advice next;
  next.add(!is_true(data, "joined"), translatable("kiz sync --wait"));
  next.add(conflicts > 0, translatable("kiz conflict list"));
  next.add(is_true(data, "offline"), translatable("kiz online"));
  next.add(open_month, translatable("kiz counts missing"));
  next.add(!consents.empty(), translatable("kiz consent status"));
  next.add(overdue > 0, translatable("kiz offer overdue"));
  next.add(text_of(data, "role") == "kreis", translatable("kiz report returns"));
  next.add(true, translatable("kiz offer new"));
  next.add(true, translatable("kiz counts enter"));
  next.add(true, translatable("kiz --help"));
  out.line();
  for (std::size_t i = 0; i < next.commands.size(); ++i) out.pair(i == 0 ? tr("Next") : "", next.commands[i], labels);
}

int begin(Shell& shell, const Json& envelope) {
  if (shell.globals.json) return shell.print(envelope, {});
  Output& out = shell.out;
  out.line(tr("Nothing is set up here yet. Three ways to begin:"), Style::bold);
  out.line();
  out.line(tr("kiz demo"), Style::bold, 2);
  out.line(tr("try it out: a Kreis with 5 towns on this machine"), Style::plain, 4);
  out.line(tr("kiz init --kreis NAME --ags KEY"), Style::bold, 2);
  out.line(tr("set up a Kreis and invite its towns"), Style::plain, 4);
  out.line(tr("kiz join INVITE"), Style::bold, 2);
  out.line(tr("join as a town, with the invite of the Kreis and its check number"), Style::plain, 4);
  return 0;
}

Run declare_status(Form&) {
  return [](Shell& shell, Json args) {
    const bool first_screen = args.contains("first_screen");
    const Json envelope = shell.ask("status", Json::object());
    const bool nothing_here = envelope.contains("error") && text_of(envelope["error"], "code") == name(Errc::not_set_up);
    if (first_screen && nothing_here) return begin(shell, envelope);
    return shell.print(envelope, render_status);
  };
}

Refusal no_daemon(const std::string& what) {
  return Refusal{Errc::unreachable, tr("{} needs a running kizd, and none answers here. Nothing was changed.", {what}),
                 tr("Start kizd, or exchange once with: kiz sync --wait"), 1};
}

Run declare_sync(Form&) {
  return [](Shell& shell, Json) {
    const bool wait = shell.globals.wait;
    Json args{{"wait", wait}};
    if (!shell.globals.timeout.empty()) args["timeout_ms"] = milliseconds_of(shell.globals.timeout);
    const Json envelope = shell.daemon() ? shell.ask("sync", args) : sync_without_daemon(shell, args);
    return shell.print(envelope, [wait](Output& out, const Json& data) {
      const auto pending = number_of(data, "pending");
      for (const Json& peer : list_of(data, "peers")) {
        out.pair(text_of(peer, "name"), is_true(peer, "reachable") ? tr("reached") : tr("not reached"));
      }
      if (pending == 0) {
        out.line(wait ? tr("All exchanged.") : tr("The exchange was started; nothing of ours is unconfirmed."), Style::good);
      } else {
        out.line(trn("Started. {} change is not confirmed yet.", "Started. {} changes are not confirmed yet.",
                     static_cast<unsigned long>(pending)));
      }
    });
  };
}

Run switch_network(const char* request, const char* done) {
  return [request, done](Shell& shell, Json) {
    return shell.show(request, Json::object(), [done](Output& out, const Json&) { out.line(tr(done)); });
  };
}

Run declare_offline(Form&) {
  return switch_network("offline", translatable("This machine has stopped exchanging. Edits go on and are kept here. "
                                                "Back with: kiz online"));
}

Run declare_online(Form&) { return switch_network("online", translatable("This machine exchanges again.")); }

int follow(Shell& shell) {
  if (shell.barred()) return shell.print(shell.ask("events", Json::object()), {});
  const auto socket = shell.daemon();
  if (!socket) return shell.refuse("events", no_daemon(tr("kiz events")));
  auto client = ControlClient::connect(*socket);
  if (!client) return shell.refuse("events", client.error());
  auto first = client->ask({{"v", 1}, {"request", "events"}, {"args", Json::object()}, {"lang", language()}}, {});
  for (; first; first = client->next({})) {
    if (first->contains("error")) return shell.print(*first, {});
    shell.out.raw(safe_json(*first, -1) + "\n");
    shell.out.flush();
  }
  return shell.refuse("events", first.error());
}

Run declare_events(Form&) {
  return [](Shell& shell, Json) { return follow(shell); };
}

Run declare_undo(Form&) {
  return [](Shell& shell, Json args) {
    if (!shell.confirmed(tr("Take back the last change of this device?"))) return 1;
    return shell.show("undo", args, [](Output& out, const Json& data) {
      out.line(!list_of(data, "entries").empty() ? tr("Taken back, as a new change; the history keeps both.")
                                       : tr("The last change would be taken back."));
    });
  };
}

void render_verification(Output& out, const Json& data) {
  const bool ok = is_true(data, "ok");
  out.line(ok ? tr("The whole history is sound.") : tr("The history is damaged."), ok ? Style::good : Style::bad);
  out.pair(tr("Logs"), shown_number(number_of(data, "logs")), 16);
  out.pair(tr("Entries"), shown_number(number_of(data, "entries")), 16);
  out.pair(tr("Signatures"), shown_number(number_of(data, "signatures")), 16);
  out.pair(tr("Erased"), shown_number(number_of(data, "erased")), 16);
  for (const Json& fork : list_of(data, "forks")) out.pair(tr("Fork"), shortened(plain(fork)), 16, Style::warn);
  for (const Json& fork : list_of(data, "fork_proofs")) {
    out.line(tr("{} has signed two branches behind entry {}: {}", {text_of(fork, "device"), text_of(fork, "last_shared"), text_of(fork, "space")}),
             Style::warn, 2);
    for (const Json& branch : list_of(fork, "branches")) {
      out.line("#" + text_of(branch, "seq") + "  " + text_of(branch, "entry"), Style::plain, 4);
      out.line(text_of(branch, "signature"), Style::dim, 6);
    }
  }
  for (const Json& finding : list_of(data, "findings")) out.line(plain(finding), Style::bad, 2);
  out.pair(tr("State"), shortened(text_of(data, "state_hash"), 32), 16);
}

Run declare_verify(Form& form) {
  form.flag("rebuild", "--neu,--rebuild", tr("also derive all records from the log anew and compare"));
  return [](Shell& shell, Json args) { return shell.show("verify", args, render_verification); };
}
}  // namespace

std::vector<Command> status_commands() {
  return {
      {"status", "status", translatable("what is going on, what is due"), {"stand"}, declare_status},
      {"abgleichen", "sync", translatable("exchange with the others now"), {}, declare_sync},
      {"offline", "offline", translatable("stop exchanging, edits go on"), {"trennen"}, declare_offline},
      {"online", "online", translatable("exchange again"), {"verbinden"}, declare_online},
      {"ereignisse", "events", translatable("follow changes, as JSON"), {}, declare_events},
      {"rueckgaengig", "undo", translatable("take back the last change of this device"), {}, declare_undo},
      {"verify", "verify", translatable("check the whole history"), {"pruefung"}, declare_verify},
  };
}

}  // namespace kiz::cli
