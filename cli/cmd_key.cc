// kiz schluessel: what two people compare on the telephone, the passphrase of the store, the emergency sheet.
#include "cli/commands.h"
#include "cli/sheet_input.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/key_file.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
Run declare_fingerprint(Form&) {
  return [](Shell& shell, Json args) {
    return shell.show("key.fingerprint", args, [](Output& out, const Json& data) {
      out.pair(text_of(data, "device"), text_of(data, "device_fingerprint"), 20, Style::bold);
      if (const auto realm = text_of(data, "realm_fingerprint"); !realm.empty()) {
        out.pair(text_of(data, "realm"), realm, 20);
        out.pair(tr("Root key"), text_of(data, "root_fingerprint"), 20);
        out.line(tr("Equal with everybody who belongs to the same Kreis. Read it out on the telephone when in doubt."));
      }
    });
  };
}

Refusal wrong(const char* text) { return Refusal{Errc::invalid_input, tr(text), {}, 0}; }

/// The first line of a file is the passphrase; else a person is asked, twice.
std::optional<std::string> new_passphrase(Shell& shell, const std::string& file) {
  if (!file.empty()) {
    auto read = read_file(file);
    if (!read) return std::nullopt;
    return read->substr(0, read->find_first_of("\r\n"));
  }
  const std::string first = shell.prompt(tr("New passphrase (empty: none, the key then lies in the store's folder)"), true);
  const std::string second = shell.prompt(tr("Once more"), true);
  if (first != second) return std::nullopt;
  return first;
}

Run declare_password(Form& form) {
  form.option("new_file", "--neu-datei,--new-file", tr("FILE"), tr("the new passphrase is the first line of this file; empty: none"));
  return [](Shell& shell, Json args) {
    if (shell.barred()) return shell.print(shell.ask("key.password", Json::object()), {});
    const std::string path = (shell.store_directory() / "key").string();
    const auto present = shell.replica_options().unlock.passphrase;
    auto key = open_store_key(path, present);
    if (!key) return shell.refuse("key.password", key.error());
    const auto passphrase = new_passphrase(shell, text_of(args, "new_file"));
    if (!passphrase) return shell.refuse("key.password", wrong(translatable("The new passphrase could not be read, or the two are not the same. Nothing was changed.")));
    if (!shell.globals.dry_run) {
      const auto wrapped = rewrap_store_key(path, *key, passphrase->empty() ? std::nullopt : passphrase);
      if (!wrapped) return shell.refuse("key.password", wrapped.error());
    }
    const Json envelope{{"schema", "kiz.key.password/1"}, {"ok", true}, {"exit", 0}, {"data", {{"passphrase", !passphrase->empty()}}},
                        {"warnings", Json::array()}};
    return shell.print(envelope, [](Output& out, const Json& data) {
      out.line(is_true(data, "passphrase") ? tr("The store opens with the new passphrase from now on.") : tr("The store opens without a passphrase from now on."),
               Style::good);
    });
  };
}

Run declare_sheet(Form& form) {
  form.operand("file", tr("FILE"), tr("the sheet as a file; else it is typed in"), Need::optional)
      .flag("print", "--drucken,--print", tr("print it again, as it lies before you"));
  return [](Shell& shell, Json args) {
    const std::string sheet = sheet_text(shell, text_of(args, "file"));
    const bool print = args.contains("print");
    return shell.show("key.sheet", {{"sheet", sheet}}, [&](Output& out, const Json& data) {
      out.line(tr("The emergency sheet of {} is whole and holds its root key.", {text_of(data, "realm")}), Style::good);
      if (!print) return;
      out.line();
      const auto decoded = decode_sheet(sheet);
      if (decoded) out.line("NOTFALLBLATT / EMERGENCY SHEET\n" + text_of(data, "realm") + "\n" + encode_sheet(*decoded));
    });
  };
}
}  // namespace

std::string sheet_text(Shell& shell, const std::string& file) {
  if (file.empty()) return shell.prompt(tr("The code of the emergency sheet (begins with KIZN1)"), true);
  auto read = read_file(file);
  if (!read) throw UsageError{to_refusal(read.error()).text, {}};
  return *read;
}

std::vector<Command> key_commands() {
  return {{"schluessel", "key", translatable("fingerprints, passphrase, emergency sheet"), {}, nullptr,
           {{"fingerabdruck", "fingerprint", translatable("what two people compare on the telephone"), {}, declare_fingerprint},
            {"passwort", "password", translatable("another passphrase for the store"), {"passphrase"}, declare_password},
            {"notfallblatt", "sheet", translatable("check the emergency sheet, print it again"), {"emergency-sheet"}, declare_sheet}}}};
}

}  // namespace kiz::cli
