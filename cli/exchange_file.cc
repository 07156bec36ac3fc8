#include "cli/exchange_file.h"

#include "cli/text.h"
#include "libclient/places.h"
#include "libclient/safe_text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
void render_import(Output& out, const Json& data, bool dry) {
  out.line(dry ? tr("Looked through, nothing was changed:") : tr("Taken in:"), Style::bold);
  const auto figure = [&](const char* key, const std::string& label) {
    if (data.contains(key)) out.pair(label, plain(data[key]), 16);
  };
  figure("rows", tr("Rows"));
  figure("new", tr("New"));
  figure("changed", tr("Changed"));
  figure("unchanged", tr("Unchanged"));
  figure("skipped", tr("Skipped"));
  for (const Json& row : list_of(data, "preview")) {
    out.line(row.is_object() && row.contains("ref") ? text_of(row, "ref") + "  " + text_of(row, "title") : plain(row),
             Style::dim, 2);
  }
  for (const Json& problem : list_of(data, "errors")) out.line(plain(problem), Style::warn, 2);
}

bool is_text(const std::string& type) { return type.starts_with("text/") || type.starts_with("application/json"); }
}  // namespace

void add_import_options(Form& form) {
  form.operand("file", tr("FILE"), tr("the file; - is standard input"))
      .option("format", "--format", tr("FORMAT"), tr("csv, hsds, integreat or json; found out where it is not given"))
      .option("mapping", "--zuordnung,--mapping", tr("FILE"), tr("which column is which field: a TOML file, or a shipped name"))
      .option("member", "--gemeinde,--member", tr("TOWN"), tr("in the name of this town, if this device may"))
      .number("modulo", "--jede,--modulo", "N", tr("only every N-th row, to spread one file over several towns"))
      .number("remainder", "--rest,--remainder", "R", tr("of these the ones with this remainder, counted from 0"))
      .number("offset", "--zaehle-ab,--offset", "I", tr("the first row counts as this one"));
}

void add_export_options(Form& form, const char* formats) {
  form.option("format", "--format", tr("FORMAT"), tr(formats))
      .option("dialect", "--dialekt,--dialect", "de|international", tr("German spreadsheets, or RFC 4180"))
      .option("to", "--ausgabe,--output", tr("FILE"), tr("write it here"));
}

bool take_file(Shell& shell, const std::string& request, Json& args, int& refusal) {
  const std::filesystem::path path = text_of(args, "file");
  auto bytes = read_file(path);
  if (!bytes) {
    refusal = shell.refuse(request, bytes.error());
    return false;
  }
  args.erase("file");
  args["name"] = path == "-" ? std::string{} : path.filename().string();
  args["content"] = to_base64(*bytes);
  return true;
}

int import_file(Shell& shell, const std::string& request, Json args) {
  int refusal = 0;
  if (!take_file(shell, request, args, refusal)) return refusal;
  if (const std::string mapping = text_of(args, "mapping"); !mapping.empty()) {
    std::error_code ignored;
    if (std::filesystem::exists(mapping, ignored)) {
      auto text = read_file(mapping);
      if (!text) return shell.refuse(request, text.error());
      args["mapping"] = *text;
    } else {
      args.erase("mapping");
      args["mapping_name"] = mapping;
    }
  }
  const bool dry = shell.globals.dry_run;
  return shell.show(request, args, [dry](Output& out, const Json& data) { render_import(out, data, dry); });
}

int put_file(Shell& shell, const std::string& request, const Json& envelope, const std::string& target, bool& done) {
  const Json data = envelope.value("data", Json::object());
  done = envelope.value("ok", false) && data.contains("file") && (!shell.globals.json || !target.empty());
  if (!done) return 0;
  const Json& file = data["file"];
  const auto bytes = from_base64(text_of(file, "content"));
  if (!bytes) return shell.refuse(request, bytes.error());

  const bool text = is_text(text_of(file, "type"));
  if (target == "-" || (target.empty() && (text || !shell.out.terminal()))) {
    // A file in a pipe is passed on byte by byte; on a terminal it is someone's text.
    shell.out.raw(shell.out.terminal() ? safe_text::lines(*bytes) : *bytes);
    return envelope.value("exit", 0);
  }
  const std::string path = target.empty() ? std::filesystem::path{text_of(file, "name")}.filename().string() : target;
  if (auto written = write_file(path, *bytes); !written) return shell.refuse(request, written.error());
  if (shell.globals.json) return shell.print(envelope, {});
  return shell.print(envelope, [&](Output& out, const Json&) { out.line(tr("Written: {}", {path})); });
}

int export_file(Shell& shell, const std::string& request, Json args) {
  const std::string target = text_of(args, "to");
  args.erase("to");
  if (!args.contains("format")) args["format"] = "csv";
  const Json envelope = shell.ask(request, args);
  bool done = false;
  const int exit = put_file(shell, request, envelope, target, done);
  return done ? exit : shell.print(envelope, {});
}

}  // namespace kiz::cli
