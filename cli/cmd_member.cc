// kiz mitglied, kiz geraet: who belongs to the realm, and with which devices.
#include <filesystem>

#include "cli/commands.h"
#include "cli/letter.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
std::string member_state(const std::string& state) {
  if (state == "active") return tr("active");
  if (state == "named") return tr("not joined yet");
  if (state == "expired") return tr("expired");
  if (state == "revoked") return tr("locked out");
  return state;
}

Run declare_list(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("member.list", args, [](Output& out, const Json& data) {
      std::vector<std::vector<std::string>> rows;
      for (const Json& member : list_of(data, "members")) {
        rows.push_back({text_of(member, "ags"), text_of(member, "name"), member_state(text_of(member, "state")),
                        text_of(member, "devices"), shown_time(text_of(member, "admitted_until").substr(0, 10))});
      }
      out.table({{tr("Key"), false, 8, true},
                 {tr("Member"), false, 10},
                 {tr("State"), false, 8},
                 {tr("Devices"), true, 2, true},
                 {tr("until"), false, 10, true}},
                rows);
    });
  };
}

void render_invite(Output& out, const Json& data) {
  out.line(tr("Invite for {}, good until {}. It admits one device, once.",
              {text_of(data, "name"), shown_time(text_of(data, "expires"))}));
  out.line();
  out.line(text_of(data, "invite"), Style::bold);
  out.line();
  out.line(tr("Check number: {}", {text_of(data, "check")}), Style::bold);
  out.line(tr("Send the invite by mail and tell the check number by telephone. The town types: kiz join INVITE"));
}

int write_letters(Shell& shell, Json args, const std::filesystem::path& folder) {
  const Json envelope = shell.ask("member.invite_all", args);
  if (!envelope.value("ok", false)) return shell.print(envelope, {});
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const Json data = envelope.value("data", Json::object());
  std::string numbers;
  for (const Json& invite : list_of(data, "invites")) {
    const auto file = folder / (text_of(invite, "ags") + ".html");
    if (auto written = write_file(file, invite_letter(invite, text_of(data, "realm"))); !written) {
      return shell.refuse("member.invite_all", written.error());
    }
    numbers += text_of(invite, "ags") + "  " + text_of(invite, "check") + "  " + text_of(invite, "name") + "\n";
  }
  const auto list = folder / tr("check-numbers.txt");
  if (auto written = write_file(list, numbers); !written) return shell.refuse("member.invite_all", written.error());
  std::filesystem::permissions(list, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, failed);
  return shell.print(envelope, [&](Output& out, const Json& answer) {
    out.line(trn("{} letter written to {}.", "{} letters written to {}.", list_of(answer, "invites").size(),
                 {folder.string()}));
    out.line(tr("The check numbers are in {}; they travel another way than the letters.", {list.string()}));
  });
}

Run declare_invite(Form& form) {
  form.operand("member", tr("TOWN"), tr("name or key of the town"), Need::optional)
      .option("role", "--rolle,--role", tr("ROLE"), tr("what the device may do: read, edit, consent"))
      .number("days", "--gueltig,--days", tr("DAYS"), tr("the invite is good for so many days"))
      .flag("confirm", "--mit-bestaetigung,--with-confirmation", tr("the device must be confirmed here before it counts"))
      .flag("all", "--alle,--all", tr("all towns that have not joined"))
      .option("letters", "--briefe,--letters", tr("DIR"), tr("one letter for each town, check numbers apart"));
  return [](Shell& shell, Json args) {
    if (args.contains("all")) {
      const std::string folder = text_of(args, "letters");
      if (folder.empty()) throw UsageError{tr("--all needs a folder for the letters: --letters DIR"), {}};
      args.erase("all");
      args.erase("letters");
      return write_letters(shell, args, folder);
    }
    if (!args.contains("member")) args["member"] = shell.prompt(tr("Which town (name or key)"));
    return shell.show("member.invite", args, render_invite);
  };
}

Run by_ref(const char* request, const char* question, const char* done) {
  return [=](Shell& shell, Json args) {
    if (question != nullptr && !shell.confirmed(tr(question, {text_of(args, "ref")}))) return 1;
    return shell.show(request, args, [done](Output& out, const Json& data) {
      out.line(tr(done, {text_of(data, "ref"), text_of(data, "member_name")}));
    });
  };
}

Run declare_confirm(Form& form) {
  form.operand("ref", tr("CODE"), tr("the six digits on the screen of the device; without it, who waits"), Need::optional)
      .flag("reject", "--ablehnen,--reject", tr("refuse it instead"));
  return [](Shell& shell, Json args) {
    if (args.contains("ref")) {
      return shell.show("member.confirm", args, [](Output& out, const Json& data) {
        out.line(tr("Confirmed: {} of {}.", {text_of(data, "ref"), text_of(data, "member_name")}));
      });
    }
    return shell.show("member.waiting", Json::object(), [](Output& out, const Json& data) {
      const Json& waiting = list_of(data, "waiting");
      if (waiting.empty()) out.line(tr("No device waits to be confirmed."));
      for (const Json& device : waiting) {
        out.line(text_of(device, "code") + "  " + text_of(device, "device") + "  " + text_of(device, "address"));
      }
    });
  };
}

Form& with_last_valid(Form& form) {
  return form.option("after", "--ab,--after", tr("SEQ"),
                     tr("the last entry of its log that still counts: 17, offers:17 or LOG:17; without it all that is here"), true);
}

Run declare_revoke(Form& form) {
  with_last_valid(form.operand("ref", tr("REF"), tr("a device (G-2), or a town with all its devices")));
  return by_ref("member.revoke", translatable("Lock out {}? What it writes from now on no longer counts."),
                translatable("Locked out: {} of {}. The others learn of it at their next contact."));
}

Run declare_renew(Form& form) {
  form.operand("ref", tr("REF"), tr("a device (G-2), or a town with all its devices"))
      .number("days", "--tage,--days", tr("DAYS"), tr("admit it for so many days from now"));
  return by_ref("member.renew", nullptr, translatable("Renewed: {} of {}."));
}

Run declare_address(Form& form) {
  form.operand("addresses", tr("HOST:PORT"), tr("what the towns dial; written into invites from now on"), Need::some);
  return [](Shell& shell, Json args) {
    return shell.show("member.address", args, [](Output& out, const Json& data) {
      out.line(tr("Invites from now on name: {}", {text_of(data, "addresses")}));
    });
  };
}

Run declare_devices(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("device.list", args, [](Output& out, const Json& data) {
      std::vector<std::vector<std::string>> rows;
      for (const Json& device : list_of(data, "devices")) {
        const std::string state = is_true(device, "revoked") ? tr("locked out") : is_true(device, "self") ? tr("this one") : "";
        rows.push_back({text_of(device, "ref"), text_of(device, "name"), text_of(device, "member_name"),
                        shown_time(text_of(device, "admitted_until").substr(0, 10)), state});
      }
      out.table({{tr("Ref"), false, 3, true},
                 {tr("Device"), false, 8},
                 {tr("Member"), false, 8},
                 {tr("until"), false, 10, true},
                 {"", false, 8}},
                rows);
    });
  };
}

Run declare_device_revoke(Form& form) {
  with_last_valid(form.operand("ref", tr("DEVICE"), tr("reference of the device, G-2")));
  return by_ref("device.revoke", translatable("Lock out {}? What it writes from now on no longer counts."),
                translatable("Locked out: {} of {}. The others learn of it at their next contact."));
}

Run declare_device_renew(Form& form) {
  form.operand("ref", tr("DEVICE"), tr("reference of the device, G-2; without it all whose admission ends within 90 days"),
               Need::optional)
      .number("days", "--tage,--days", tr("DAYS"), tr("admit it for so many days from now"));
  return [](Shell& shell, Json args) {
    return shell.show("device.renew", args, [](Output& out, const Json& data) {
      const Json& devices = list_of(data, "devices");
      if (devices.empty()) return out.line(tr("No admission ends within 90 days."));
      out.line(trn("{} device renewed: {}", "{} devices renewed: {}", devices.size(), {plain(devices)}));
    });
  };
}

Run declare_device_confirm(Form& form) {
  form.operand("ref", tr("DEVICE"), tr("reference of the device, G-2"));
  return [](Shell& shell, Json args) {
    return shell.show("device.confirm", args, [](Output& out, const Json& data) {
      out.line(tr("Known from now on: {} ({}).", {text_of(data, "name"), text_of(data, "ref")}), Style::good);
    });
  };
}
}  // namespace

std::vector<Command> member_commands() {
  return {
      {"mitglied", "member", translatable("towns: list, invite, lock out"), {"mitglieder", "members"}, nullptr,
       {{"liste", "list", translatable("all members"), {}, declare_list},
        {"einladen", "invite", translatable("an invite for a town, with its check number"), {}, declare_invite},
        {"adresse", "address", translatable("the address that the towns dial"), {}, declare_address},
        {"bestaetigen", "confirm", translatable("confirm a device that waits for it"), {}, declare_confirm},
        {"sperren", "revoke", translatable("lock out a device or a town"), {"lock"}, declare_revoke},
        {"verlaengern", "renew", translatable("renew a membership"), {}, declare_renew}}},
      {"geraet", "device", translatable("devices of the members"), {"geraete", "devices"}, nullptr,
       {{"liste", "list", translatable("all devices"), {}, declare_devices},
        {"bestaetigen", "confirm", translatable("say that a new device of your own is known"), {}, declare_device_confirm},
        {"sperren", "revoke", translatable("lock out a device"), {"lock"}, declare_device_revoke},
        {"erneuern", "renew", translatable("renew the admission of a device"), {"verlaengern"}, declare_device_renew}}},
  };
}

}  // namespace kiz::cli
