// kiz konfig: the daemon's configuration. It is read and judged by kizd alone; here it is found, shown and handed over.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/beside.h"
#include "cli/commands.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
namespace fs = std::filesystem;

/// Where kizd looks, in its order.
std::vector<fs::path> candidates(const Shell& shell) {
  std::vector<fs::path> paths;
  if (const char* set = std::getenv("KIZ_CONFIG"); set != nullptr && *set != '\0') paths.emplace_back(set);
  paths.push_back(shell.store_directory() / "kiz-sync.toml");
  if (const char* set = std::getenv("XDG_CONFIG_HOME"); set != nullptr && *set != '\0') {
    paths.push_back(fs::path{set} / "kiz-sync" / "kiz-sync.toml");
  } else if (const char* home = std::getenv("HOME"); home != nullptr) {
    paths.push_back(fs::path{home} / ".config" / "kiz-sync" / "kiz-sync.toml");
  }
  paths.emplace_back("/etc/kiz-sync/kiz-sync.toml");
  return paths;
}

std::optional<fs::path> config_file(const Shell& shell, const std::string& given) {
  if (!given.empty()) return given;
  std::error_code ignored;
  for (const fs::path& path : candidates(shell)) {
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return std::nullopt;
}

int print_data(Shell& shell, const char* request, Json data, int exit, const Render& render) {
  return shell.print(Json{{"schema", std::string{"kiz."} + request + "/1"},
                          {"ok", exit == 0},
                          {"exit", exit},
                          {"data", std::move(data)},
                          {"warnings", Json::array()}},
                     render);
}

Run declare_show(Form& form) {
  form.operand("file", tr("FILE"), tr("another configuration file"), Need::optional)
      .flag("origin", "--herkunft,--origin", tr("also say where it comes from"));
  return [](Shell& shell, Json args) {
    const auto path = config_file(shell, text_of(args, "file"));
    if (!path) {
      return print_data(shell, "config.show", {{"path", nullptr}, {"text", ""}}, 0, [](Output& out, const Json&) {
        out.line(tr("There is no configuration file; the defaults hold."));
      });
    }
    const auto text = read_file(*path);
    if (!text) return shell.refuse("config.show", text.error());
    const bool origin = is_true(args, "origin");
    return print_data(shell, "config.show", {{"path", path->string()}, {"text", *text}}, 0, [&](Output& out, const Json& data) {
      if (origin) out.line("# " + text_of(data, "path"), Style::dim);
      out.line(text_of(data, "text"));
    });
  };
}

Run declare_path(Form&) {
  return [](Shell& shell, Json) {
    const auto path = config_file(shell, {});
    Json looked = Json::array();
    for (const fs::path& candidate : candidates(shell)) looked.push_back(candidate.string());
    return print_data(shell, "config.path", {{"path", path ? Json(path->string()) : Json()}, {"looked_at", looked}}, 0,
                      [](Output& out, const Json& data) {
                        if (!data["path"].is_null()) return out.line(text_of(data, "path"));
                        out.line(tr("There is no configuration file. Looked at:"));
                        for (const Json& place : list_of(data, "looked_at")) out.line(plain(place), Style::plain, 2);
                      });
  };
}

Run declare_check(Form& form) {
  form.operand("file", tr("FILE"), tr("another configuration file"), Need::optional);
  return [](Shell& shell, Json args) {
    const auto path = config_file(shell, text_of(args, "file"));
    std::vector<std::string> words{program_beside("kizd").string(), "--check-config"};
    if (path) words.insert(words.end(), {"--config", path->string()});
    const Ran ran = run_program(words);
    if (!ran.started) {
      return shell.refuse("config.check", Error{Errc::not_found, tr("The program kizd is not installed beside kiz.")});
    }
    const int exit = ran.exit == 0 ? 0 : exit_code(Errc::invalid_input);
    return print_data(shell, "config.check",
                      {{"ok", ran.exit == 0}, {"path", path ? Json(path->string()) : Json()}, {"output", ran.output}}, exit,
                      [&](Output& out, const Json&) { out.line(tr("The configuration is sound.")); }) != 0
               ? (shell.globals.json ? exit : (shell.err.line(ran.output, Style::bad), exit))
               : 0;
  };
}
}  // namespace

std::vector<Command> config_commands() {
  return {{"konfig", "config", translatable("the daemon's configuration"), {"konfiguration"}, nullptr,
           {{"zeigen", "show", translatable("what holds"), {}, declare_show},
            {"pruefen", "check", translatable("check the file"), {}, declare_check},
            {"pfad", "path", translatable("where the file is"), {}, declare_path}}}};
}

}  // namespace kiz::cli
