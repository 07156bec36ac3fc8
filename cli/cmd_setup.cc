// kiz einrichten, kiz beitreten: how an installation begins.
#include "cli/bundle_transfer.h"
#include "cli/commands.h"
#include "cli/setup.h"
#include "cli/sheet_input.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/places.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
void render_setup(Output& out, const Json& data) {
  out.line(trn("{2} is set up, with {1} town.", "{2} is set up, with {1} towns.", static_cast<unsigned long>(number_of(data, "towns")), {text_of(data, "realm")}), Style::good);
  if (const auto sheet = text_of(data, "emergency_sheet"); !sheet.empty()) {
    out.line();
    out.line(tr("EMERGENCY SHEET. Print it, lock it away, then close this window. It is shown once."), Style::warn);
    out.line();
    out.line(sheet);
  }
  out.line();
  out.pair(tr("Next"), tr("kiz member invite TOWN"), 15);
  out.pair("", tr("kiz consent subject new"), 15);
}

/// First on an empty machine, then once more when a town has called; on the Kreis's own machine it gives a new key.
int restore(Shell& shell, Json args) {
  const std::string sheet = sheet_text(shell, text_of(args, "sheet"));
  if (args.contains("addresses")) args["addresses"] = split_at_commas(args["addresses"]);
  const Json there = shell.ask("key.sheet", {{"sheet", sheet}});
  const bool nothing_here = there.contains("error") && text_of(there["error"], "code") == name(Errc::not_set_up);
  if (!nothing_here) {
    Json wanted{{"sheet", sheet}};
    if (args.contains("last_good")) wanted["last_good"] = args["last_good"];
    if (!shell.confirmed(tr("From now on the Kreis decides with a new key, and the old one counts no more. Go on?"))) return 1;
    return shell.show("key.epoch", wanted, [](Output& out, const Json& data) {
      out.line(tr("{} decides with a new key from here on (epoch {}, behind decision {}).",
                  {text_of(data, "realm"), text_of(data, "epoch"), text_of(data, "last_good")}), Style::good);
      if (const auto closed = number_of(data, "closed"); closed > 0) {
        out.line(trn("{} later decision does not count any more.", "{} later decisions do not count any more.", static_cast<unsigned long>(closed)));
      }
      for (const Json& device : list_of(data, "old_devices")) {
        out.pair(tr("Next"), tr("when the towns have called, lock out the lost machine: kiz device revoke {}", {plain(device)}), 15);
      }
    });
  }
  args["sheet"] = sheet;
  return shell.print(set_up(shell, args), [](Output& out, const Json&) {
    out.line(tr("This machine waits for the towns under the key that they know. Nobody needs to enter anything again."), Style::good);
    out.line(tr("When the first one has called (kiz status), take over with: kiz init --restore"));
  });
}

Run declare_init(Form& form) {
  form.option("name", "--kreis,--name", tr("NAME"), tr("name of the Kreis or city"))
      .option("ags", "--ags,--key", tr("KEY"), tr("5 digits of a Kreis, 8 of a city"))
      .option("listen", "--listen,--lauschen", tr("ADDR:PORT"), tr("where this machine waits for the towns (port 7411)"))
      .option("addresses", "--adresse,--address", tr("HOST:PORT"), tr("what the towns dial; written into the invites"), true)
      .option("members", "--mitglieder,--members", tr("KEYS"), tr("the towns, with commas; else those of the register"), true)
      .option("device", "--geraet,--device", tr("NAME"), tr("what this machine is called"))
      .option("sheet", "--notfallblatt,--emergency-sheet", tr("FILE"), tr("write the emergency sheet here instead of showing it; with --restore: read it"))
      .flag("restore", "--wiederherstellen,--restore", tr("bring the Kreis back with its emergency sheet, or give it a new key"))
      .number("last_good", "--bis,--up-to", "N", tr("with --restore: the last decision that counts; else the last one held"));
  return [](Shell& shell, Json args) {
    if (shell.barred()) return shell.print(shell.ask("setup", args), {});  // before anybody answers questions in vain
    if (args.contains("restore")) return restore(shell, std::move(args));
    if (args.contains("last_good")) throw UsageError{tr("--up-to belongs to --restore."), {}};
    if (!args.contains("name") && !args.contains("ags")) args["name"] = shell.prompt(tr("Which Kreis or city (name or key)"));
    if (!args.contains("addresses") && shell.may_prompt()) {
      const std::string address = shell.prompt(tr("Address that the towns dial, HOST:PORT (may stay empty)"));
      if (!address.empty()) args["addresses"] = Json::array({address});
    }
    for (const char* list : {"addresses", "members"}) {
      if (args.contains(list)) args[list] = split_at_commas(args[list]);
    }
    const std::string sheet_file = text_of(args, "sheet");
    args.erase("sheet");
    if (!sheet_file.empty()) {
      // Before anything is set up: a sheet that cannot be kept would be lost for ever.
      if (auto writable = write_file(sheet_file, {}); !writable) return shell.refuse("setup", writable.error());
    }
    Json envelope = set_up(shell, args);
    if (!sheet_file.empty() && envelope.value("ok", false)) {
      if (auto written = write_file(sheet_file, text_of(envelope["data"], "emergency_sheet")); !written) {
        return shell.refuse("setup", written.error());
      }
      envelope["data"].erase("emergency_sheet");
      envelope["data"]["emergency_sheet_file"] = sheet_file;
    }
    return shell.print(envelope, render_setup);
  };
}

// An invite is one long word; from mail it comes broken into lines, or as a file.
std::string invite_text(const Json& words) {
  std::string text;
  for (const Json& word : words) text += word.get<std::string>();
  std::error_code ignored;
  if (text.size() < 512 && std::filesystem::is_regular_file(text, ignored)) {
    auto read = read_file(text);
    if (read) text = *read;
  }
  std::erase_if(text, [](unsigned char c) { return c <= ' '; });
  return text;
}

std::string check_number(Shell& shell, const std::string& file) {
  std::string number;
  if (file.empty()) {
    number = shell.prompt(tr("Check number (8 digits, from the Kreis, by telephone)"));
  } else {
    auto read = read_file(file);
    if (!read) throw UsageError{read.error().context, {}};
    number = *read;
  }
  std::erase_if(number, [](unsigned char c) { return c <= ' ' || c == '-'; });
  return number;
}

// The way without a network: invite -> answer file -> the Kreis reads it -> its first bundle makes this device a member.
int write_answer(Shell& shell, const Json& args, const std::string& path) {
  auto file = NewFile::begin(path);
  if (!file) return shell.refuse("join", file.error());
  Json envelope = prepare_join(shell, args);
  if (!envelope.value("ok", false)) return shell.print(envelope, {});
  const Json answer = shell.ask("bundle.answer", Json::object());
  if (!answer.value("ok", false)) return shell.print(answer, {});
  const auto bytes = from_base64(text_of(answer["data"], "content"));
  if (!bytes) return shell.refuse("join", bytes.error());
  if (auto added = file->add(*bytes); !added) return shell.refuse("join", added.error());
  if (auto done = file->finish(); !done) return shell.refuse("join", done.error());
  envelope["data"]["answer"] = path;
  return shell.print(envelope, [&](Output& out, const Json&) {
    out.line(tr("Written: {}", {path}), Style::good);
    out.line(tr("Take it to the Kreis. The bundle that comes back makes this device a member: kiz join FILE"));
  });
}

int read_welcome(Shell& shell, const std::string& path) {
  const Handed handed = hand_over(shell, "join", path);
  if (!handed.ok()) return handed.exit;
  Json envelope = shell.ask("bundle.read", {{"id", handed.id}});
  envelope["schema"] = "kiz.join/1";
  if (envelope.value("ok", false)) {
    const Json status = shell.ask("status", Json::object());
    Json& data = envelope["data"];
    data = {{"joined", is_true(data, "joined")}, {"device", status["data"].value("device", Json())},
            {"member", status["data"].value("member", Json())}, {"entries_new", data.value("entries_new", Json(0))}};
  }
  return shell.print(envelope, [](Output& out, const Json& data) {
    out.line(is_true(data, "joined") ? tr("This device belongs to its Kreis now.") : tr("This device belonged to its Kreis before."), Style::good);
  });
}

Run declare_join(Form& form) {
  form.operand("invite", tr("INVITE"), tr("the invite as text, or the file it is in"), Need::many)
      .option("check_file", "--pruefzahl-datei,--check-file", tr("FILE"), tr("the check number is in this file; - is standard input"))
      .option("device", "--geraet,--device", tr("NAME"), tr("what this machine is called"))
      .option("answer", "--antwort,--answer", tr("FILE"), tr("without a network: write the answer for the Kreis into this file"));
  return [](Shell& shell, Json args) {
    if (shell.barred()) return shell.print(shell.ask("join", args), {});
    const std::string answer = text_of(args, "answer");
    args.erase("answer");
    if (const Json words = args.value("invite", Json::array()); words.size() == 1 && is_bundle(words[0].get<std::string>())) {
      return read_welcome(shell, words[0].get<std::string>());
    }
    const std::string invite = invite_text(args.contains("invite") ? args["invite"] : Json::array({shell.prompt(tr("Invite"))}));
    const std::string check = check_number(shell, text_of(args, "check_file"));
    args.erase("check_file");
    args["invite"] = invite;
    args["check"] = check;
    if (!answer.empty()) return write_answer(shell, args, answer);
    return shell.print(join(shell, args), [](Output& out, const Json& data) {
      if (is_true(data, "joined")) {
        out.line(tr("Joined: {} in {}.", {text_of(data, "member_name"), text_of(data, "realm")}), Style::good);
      } else {
        out.line(tr("The invite is taken. Membership follows as soon as the Kreis is reached; edits work now."));
      }
      if (const auto code = text_of(data, "confirmation"); !code.empty()) {
        out.line(tr("Compare with the Kreis: {}", {code}), Style::bold);
      }
    });
  };
}
}  // namespace

std::vector<Command> setup_commands() {
  return {{"einrichten", "init", translatable("set up a Kreis or city"), {"setup"}, declare_init},
          {"beitreten", "join", translatable("join with an invite"), {}, declare_join}};
}

}  // namespace kiz::cli
