// kiz sicherung: write a backup, read one back, check one. A recovery passphrase comes from a file or a prompt, never
// from the command line.
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/requests_backup.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
namespace fs = std::filesystem;

constexpr std::size_t labels = 12;

Form& declare_opening(Form& form) {
  return form
      .option("recovery_file", "--wiederherstellung-datei,--recovery-file", tr("FILE"), tr("the recovery passphrase is in this file; - is standard input"))
      .option("key_file", "--schluessel,--key", tr("FILE"), tr("the key file of the store that the backup is of"));
}

// Takes the file's name out of the arguments and puts the passphrase in.
Result<void> take_recovery(Json& args) {
  const std::string file = text_of(args, "recovery_file");
  args.erase("recovery_file");
  if (file.empty()) return {};
  auto read = read_file(file);
  if (!read) return Error{Errc::not_found, tr("The file with the recovery passphrase cannot be read: {}.", {file})};
  const std::string line = read->substr(0, read->find_first_of("\r\n"));
  if (line.size() < 12) return Error{Errc::invalid_input, tr("A recovery passphrase needs 12 characters at least. Nothing was changed.")};
  args["recovery"] = line;
  return {};
}

// The daemon stands in another folder than the one who asks.
void make_absolute(Json& args, const char* key) {
  if (const auto path = text_of(args, key); !path.empty()) args[key] = fs::absolute(path).lexically_normal().string();
}

void render_facts(Output& out, const Json& data) {
  out.pair(tr("Of"), text_of(data, "member_name") + " · " + text_of(data, "device"), labels);
  out.pair(tr("Written"), shown_time(text_of(data, "created")), labels);
  out.pair(tr("Entries"), shown_number(number_of(data, "entries")), labels);
  out.pair(tr("Size"), shown_bytes(static_cast<std::uint64_t>(number_of(data, "bytes"))), labels);
}

Run declare_write(Form& form) {
  form.operand("target", tr("TARGET"), tr("a folder, or the new file; else the folder of the configuration"), Need::optional)
      .option("recovery_file", "--wiederherstellung-datei,--recovery-file", tr("FILE"), tr("the recovery passphrase is in this file; - is standard input"))
      .number("keep_days", "--behalten-tage,--keep-days", "N", tr("of each of so many days the newest stays"))
      .number("keep_weeks", "--behalten-wochen,--keep-weeks", "N", tr("of each of so many weeks the newest stays"))
      .number("keep_months", "--behalten-monate,--keep-months", "N", tr("of each of so many months the newest stays"));
  return [](Shell& shell, Json args) {
    if (auto taken = take_recovery(args); !taken) return shell.refuse("backup.write", taken.error());
    make_absolute(args, "target");
    return shell.show("backup.write", args, [](Output& out, const Json& data) {
      if (!data.contains("bytes")) return out.line(tr("Would write to {}.", {text_of(data, "file")}));
      out.line(tr("Backed up and read back: {}", {text_of(data, "file")}), Style::good);
      out.pair(tr("Entries"), shown_number(number_of(data, "entries")), labels);
      out.pair(tr("Size"), shown_bytes(static_cast<std::uint64_t>(number_of(data, "bytes"))), labels);
      if (const auto resumed = number_of(data, "resumed_bytes"); resumed > 0) {
        out.pair(tr("Gone on with"), tr("{} were there from an interrupted one", {shown_bytes(static_cast<std::uint64_t>(resumed))}), labels);
      }
      for (const Json& removed : list_of(data, "removed")) out.pair(tr("Removed"), plain(removed), labels);
    });
  };
}

Run declare_check(Form& form) {
  declare_opening(form.operand("source", tr("SOURCE"), tr("the backup")));
  return [](Shell& shell, Json args) {
    if (auto taken = take_recovery(args); !taken) return shell.refuse("backup.check", taken.error());
    make_absolute(args, "source");
    make_absolute(args, "key_file");
    const auto render = [](Output& out, const Json& data) {
      out.line(tr("Every byte of this backup holds."), Style::good);
      render_facts(out, data);
    };
    if (!args.contains("recovery") && !args.contains("key_file")) return shell.show("backup.check", args, render);
    ProgressLine line{shell.err, !shell.globals.quiet};
    Answer answer = check_backup(args, shell.replica_options().unlock, line.watch());
    line.clear();
    if (auto* refusal = std::get_if<Refusal>(&answer)) return shell.refuse("backup.check", *refusal);
    return shell.print({{"schema", "kiz.backup.check/1"}, {"ok", true}, {"exit", 0}, {"data", std::get<Reply>(answer).data}, {"warnings", Json::array()}}, render);
  };
}

Run declare_read(Form& form) {
  declare_opening(form.operand("source", tr("SOURCE"), tr("the backup")));
  return [](Shell& shell, Json args) {
    if (auto taken = take_recovery(args); !taken) return shell.refuse("backup.read", taken.error());
    make_absolute(args, "source");
    make_absolute(args, "key_file");
    const auto render = [](Output& out, const Json& data) {
      out.line(tr("The backup is read back and checked."), Style::good);
      render_facts(out, data);
      if (data.contains("state_hash")) out.pair(tr("Next"), tr("kiz sync --wait"), labels);
    };
    if (shell.daemon()) return shell.show("backup.read", args, render);
    const Json request{{"request", "backup.read"}, {"args", args}, {"dry_run", shell.globals.dry_run}};
    ProgressLine line{shell.err, !shell.globals.quiet};
    Begun begun = execute_restore(shell.replica_options(), request, shell.caller(), line.watch());
    line.clear();
    if (begun.replica) shell.adopt(std::move(begun.replica));
    return shell.print(begun.envelope, render);
  };
}
}  // namespace

std::vector<Command> backup_commands() {
  return {{"sicherung", "backup", translatable("write, check and read back backups"), {}, nullptr,
           {{"schreiben", "write", translatable("write a backup while the service runs"), {}, declare_write},
            {"lesen", "read", translatable("make this installation from a backup"), {"restore", "wiederherstellen"}, declare_read},
            {"pruefen", "check", translatable("read every byte of a backup"), {"prüfen"}, declare_check}}}};
}

}  // namespace kiz::cli
