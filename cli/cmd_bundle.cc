// kiz paket: exchange by file, for a stick or a mail, where there is no network.
#include "cli/cmd_bundle.h"

#include "cli/bundle_transfer.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {

std::string sender_of(const Json& data) {
  const std::string member = text_of(data, "member_name");
  return member.empty() ? text_of(data, "device") : tr("{} ({})", {text_of(data, "device"), member});
}

std::string contents_of(const Json& data) {
  return trn("{} entry", "{} entries", static_cast<unsigned long>(number_of(data, "entries"))) + ", " +
         trn("{} control record", "{} control records", static_cast<unsigned long>(number_of(data, "control_records"))) + ", " +
         shown_bytes(static_cast<std::uint64_t>(number_of(data, "bytes")));
}

void render_summary(Output& out, const Json& data) {
  if (text_of(data, "kind") == "join") {
    out.line(tr("The answer of {} to its invite.", {sender_of(data)}), Style::bold);
    return;
  }
  out.line(tr("Bundle {} of {}, {}", {text_of(data, "number"), sender_of(data), shown_time(text_of(data, "made"))}), Style::bold);
  out.pair(tr("Contents"), contents_of(data));
  if (is_true(data, "seen_before")) out.line(tr("It was read here before."), Style::dim);
}

void render_read(Output& out, const Json& data) {
  render_summary(out, data);
  if (text_of(data, "kind") == "join") {
    if (data.contains("admitted")) {
      out.line(is_true(data, "admitted") ? tr("The device is admitted.") : tr("The device was admitted before."), Style::good);
      out.pair(tr("Next"), tr("kiz bundle write FILE --for {}", {text_of(data, "device_ref")}), 15);
    }
    return;
  }
  if (!data.contains("entries_new")) return;
  if (is_true(data, "joined")) out.line(tr("This device belongs to its Kreis now."), Style::good);
  const auto entries = number_of(data, "entries_new");
  out.line(entries == 0 ? tr("Nothing in it is new here.")
                        : trn("{} entry is new here.", "{} entries are new here.", static_cast<unsigned long>(entries)),
           Style::good);
}

Run declare_write(Form& form) {
  form.operand("file", tr("FILE"), tr("the bundle to be written"))
      .option("for", "--fuer,--for", tr("TOWN"), tr("who may open it: a town or a device (G-2); else the Kreis"), true)
      .flag("whole", "--ganz,--whole", tr("everything that they may read, not only what they lack"))
      .flag("since_last", "--seit-letztem,--since-last", tr("go on from the bundle before, though nobody has confirmed it"));
  return [](Shell& shell, Json args) {
    const std::string path = text_of(args, "file");
    args.erase("file");
    if (args.contains("for")) args["for"] = split_at_commas(args["for"]);
    std::optional<NewFile> file;
    if (!shell.globals.dry_run) {
      // Before anything is put together: a place that cannot be written is told at once.
      auto begun = NewFile::begin(path);
      if (!begun) return shell.refuse("bundle.write", begun.error());
      file.emplace(std::move(*begun));
    }
    Json envelope = shell.ask("bundle.write", args);
    if (!envelope.value("ok", false)) return shell.print(envelope, {});
    Json& data = envelope["data"];
    const Json id = data["id"];
    data.erase("id");
    data["file"] = path;
    for (std::uint64_t offset = 0; file;) {
      const Json piece = shell.ask("bundle.get", {{"id", id}, {"offset", offset}});
      if (!piece.value("ok", false)) return shell.print(piece, {});
      auto bytes = from_base64(text_of(piece["data"], "content"));
      if (!bytes) return shell.refuse("bundle.write", bytes.error());
      if (auto added = file->add(*bytes); !added) return shell.refuse("bundle.write", added.error());
      offset += bytes->size();
      if (!is_true(piece["data"], "end")) continue;
      if (auto done = file->finish(); !done) return shell.refuse("bundle.write", done.error());
      break;
    }
    return shell.print(envelope, [&](Output& out, const Json& written) {
      std::string names;
      for (const Json& to : list_of(written, "recipients")) {
        names += (names.empty() ? "" : ", ") + tr("{} ({})", {text_of(to, "name"), text_of(to, "member_name")});
      }
      out.line(shell.globals.dry_run ? tr("Would be written: {}", {path}) : tr("Written: {}", {path}), Style::good);
      out.pair(tr("For"), names, 12);
      out.pair(tr("Contents"), contents_of(written), 12);
    });
  };
}

int with_file(Shell& shell, const char* request, const Json& args, const Render& render) {
  const Handed handed = hand_over(shell, request, text_of(args, "file"));
  if (!handed.ok()) return handed.exit;
  return shell.print(shell.ask(request, {{"id", handed.id}}), render);
}

Run declare_read(Form& form) {
  form.operand("file", tr("FILE"), tr("the bundle"));
  return [](Shell& shell, Json args) { return with_file(shell, "bundle.read", args, render_read); };
}

Run declare_check(Form& form) {
  form.operand("file", tr("FILE"), tr("the bundle"));
  return [](Shell& shell, Json args) {
    return with_file(shell, "bundle.check", args, [](Output& out, const Json& data) {
      render_summary(out, data);
      out.line(tr("Seal, signatures and chains are in order."), Style::good);
    });
  };
}

}  // namespace

std::vector<Command> bundle_commands() {
  return {{"paket", "bundle", translatable("exchange by file, without a network"), {"pakete", "bundles"}, nullptr,
           {{"schreiben", "write", translatable("write a sealed file for the Kreis or a town"), {}, declare_write},
            {"lesen", "read", translatable("take in such a file"), {}, declare_read},
            {"pruefen", "check", translatable("verify such a file, change nothing"), {}, declare_check}}}};
}

}  // namespace kiz::cli
