// kiz konfig: the daemon's configuration. It is found, read and judged by kizd alone; here it is asked for and shown.
#include <algorithm>

#include "cli/beside.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
int print_data(Shell& shell, const std::string& request, Json data, const Render& render) {
  return shell.print(Json{{"schema", "kiz." + request + "/1"},
                          {"ok", true},
                          {"exit", 0},
                          {"data", std::move(data)},
                          {"warnings", Json::array()}},
                     render);
}

std::vector<std::string> kizd_with(Shell& shell, const char* option, const std::string& given) {
  // An instance is started with a file of its own.
  const std::string file = given.empty() ? shell.unit().value_or(Unit{}).config_file().string() : given;
  std::vector<std::string> words{program_beside("kizd").string(), option, "--lang", std::string{language()}};
  if (!file.empty()) words.insert(words.end(), {"--config", file});
  if (!shell.globals.store.empty()) words.insert(words.end(), {"--store", shell.globals.store});
  if (!shell.globals.socket.empty()) words.insert(words.end(), {"--socket", shell.globals.socket});
  return words;
}

// kizd's own sentence, without its name before it.
std::string sentence_of(const std::string& output) {
  std::string text = output;
  if (text.starts_with("kizd: ")) text.erase(0, 6);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string origin_of(const Json& key) {
  const std::string origin = text_of(key, "origin"), place = text_of(key, "place");
  if (origin == "file") return place + ":" + text_of(key, "line");
  if (origin == "environment") return tr("environment, {}", {place});
  if (origin == "command_line") return tr("command line, {}", {place});
  return tr("default");
}

void render_keys(Output& out, const Json& data, bool origin) {
  std::vector<Column> columns{{tr("Setting"), false, 8, true}, {tr("Value"), false, 12}};
  if (origin) columns.push_back({tr("From"), false, 12});
  std::vector<std::vector<std::string>> rows;
  std::size_t widest = 0;
  for (const Json& key : list_of(data, "keys")) {
    rows.push_back({text_of(key, "key"), key["value"].is_null() ? tr("not set") : text_of(key, "value")});
    if (origin) rows.back().push_back(origin_of(key));
  }
  // A path is not cut for the sake of columns: half a value is no answer here.
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (const std::size_t width : widths) widest += width + 2;
  if (widest <= out.width() + 2) return out.table(columns, rows);
  for (const auto& row : rows) {
    out.line(row[0] + " = " + row[1]);
    if (origin) out.line(row[2], Style::dim, 4);
  }
}

// The first of the files is the one that an administrator edits; what stands in conf.d comes after it.
Json with_path(Json data) {
  const Json& files = list_of(data, "files");
  data["path"] = files.empty() ? Json() : files.front();
  return data;
}

Run declare_show(Form& form) {
  form.operand("file", tr("FILE"), tr("another configuration file"), Need::optional)
      .flag("origin", "--herkunft,--origin", tr("also say where it comes from"));
  return [](Shell& shell, Json args) {
    Json envelope = settings(shell, "config.show", text_of(args, "file"));
    if (!envelope.value("ok", false)) return shell.print(envelope, {});
    const bool origin = is_true(args, "origin");
    return print_data(shell, "config.show", with_path(envelope["data"]), [origin](Output& out, const Json& shown) {
      render_keys(out, shown, origin);
      if (origin || !shown["path"].is_null()) return;
      out.line(tr("There is no configuration file; the defaults hold."), Style::dim);
    });
  };
}

Run declare_path(Form&) {
  return [](Shell& shell, Json) {
    Json envelope = settings(shell, "config.path", {});
    if (!envelope.value("ok", false)) return shell.print(envelope, {});
    const Json held = with_path(envelope["data"]);
    return print_data(shell, "config.path", {{"path", held["path"]}, {"files", held["files"]}, {"looked_at", held["looked_at"]}},
                      [](Output& out, const Json& data) {
                        for (const Json& file : list_of(data, "files")) out.line(plain(file));
                        if (!list_of(data, "files").empty()) return;
                        out.line(tr("There is no configuration file. Looked at:"));
                        for (const Json& place : list_of(data, "looked_at")) out.line(plain(place), Style::plain, 2);
                      });
  };
}

/// The file that a running daemon reads, where none is named.
std::string checked_file(Shell& shell, const std::string& given) {
  if (!given.empty() || !shell.daemon()) return given;
  const Json envelope = shell.ask("config.show", Json::object());
  return envelope.contains("data") ? text_of(with_path(envelope["data"]), "path") : std::string{};
}

Run declare_check(Form& form) {
  form.operand("file", tr("FILE"), tr("another configuration file"), Need::optional);
  return [](Shell& shell, Json args) {
    const std::string file = checked_file(shell, text_of(args, "file"));
    const Ran ran = run_program(kizd_with(shell, "--check-config", file));
    if (!ran.started) {
      return shell.refuse("config.check", Error{Errc::not_found, tr("The program kizd is not installed beside kiz.")});
    }
    const std::string said = sentence_of(ran.output);
    if (ran.exit != 0) return shell.refuse("config.check", Refusal{Errc::invalid_input, said, {}, 0});
    return print_data(shell, "config.check", {{"ok", true}, {"path", file.empty() ? Json() : Json(file)}, {"output", said}},
                      [&](Output& out, const Json&) { out.line(said); });
  };
}
}  // namespace

Json settings(Shell& shell, const std::string& request, const std::string& file) {
  if (file.empty() && shell.daemon()) {
    Json told = shell.ask("config.show", Json::object());
    const bool none_runs = told.contains("error") && text_of(told["error"], "code") == name(Errc::unreachable);
    if (!none_runs) return told;
  }
  const Ran ran = run_program(kizd_with(shell, "--show-config", file));
  if (!ran.started) {
    return refusal_envelope(request, to_refusal(Error{Errc::not_found, tr("The program kizd is not installed beside kiz.")}));
  }
  Json data = Json::parse(ran.output, nullptr, false);
  if (ran.exit != 0 || !data.is_object()) {
    return refusal_envelope(request, Refusal{Errc::invalid_input, sentence_of(ran.output), {}, 0});
  }
  return Json{{"ok", true}, {"exit", 0}, {"data", std::move(data)}, {"warnings", Json::array()}};
}

std::vector<Command> config_commands() {
  return {{"konfig", "config", translatable("the daemon's configuration"), {"konfiguration"}, nullptr,
           {{"zeigen", "show", translatable("what holds"), {}, declare_show},
            {"pruefen", "check", translatable("check the file"), {}, declare_check},
            {"pfad", "path", translatable("where the file is"), {}, declare_path}}}};
}

}  // namespace kiz::cli
