// kiz demo: a Kreis with five towns on this machine, to try out what an office would do.
#include "cli/commands.h"
#include "cli/demo.h"
#include "cli/shell.h"
#include "cli/text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
void render_demo(Output& out, const Json& data) {
  const std::string folder = text_of(data, "folder");
  out.line(tr("Kreis Borken runs here, with 5 towns and a daemon for each."), Style::good);
  out.line(tr("First, in this terminal:"));
  out.command("cd " + folder);
  out.line();
  const auto show = [&](const char* command, const char* meaning) {
    out.command(tr(command));
    out.line(tr(meaning), Style::plain, 4);
  };
  show(translatable("kiz --store ahaus"), translatable("the first screen of a town"));
  show(translatable("kiz --store ahaus conflict list"), translatable("two desks of Ahaus changed one field without network"));
  show(translatable("kiz --store ahaus conflict resolve K-1 --take 1"), translatable("a person chooses"));
  show(translatable("kiz --store gronau offline"), translatable("no network; edits go on"));
  show(translatable("kiz --store gronau offer new title=Chor provider=Stadt kind=culture"), translatable("entered, kept here"));
  show(translatable("kiz --store gronau online"), translatable("it goes out by itself"));
  show(translatable("kiz --store kreis offer list"), translatable("what the Kreis sees"));
  out.line();
  out.line(tr("End it and remove everything: kiz demo --stop"));
}

Json envelope_of(Json data) {
  return {{"schema", "kiz.demo/1"}, {"ok", true}, {"exit", 0}, {"data", std::move(data)}, {"warnings", Json::array()}};
}

Run declare_demo(Form& form) {
  form.flag("stop", "--beenden,--stop", tr("end the demo and remove what it wrote"))
      .option("folder", "--ordner,--folder", tr("DIR"), tr("put it there instead"));
  return [](Shell& shell, Json args) {
    const std::string given = text_of(args, "folder");
    Demo demo{given.empty() ? demo_folder() : std::filesystem::absolute(given)};
    if (is_true(args, "stop")) {
      const bool ran = demo.stop();
      return shell.print(envelope_of({{"folder", demo.folder().string()}, {"running", false}}), [ran](Output& out, const Json&) {
        out.line(ran ? tr("The demo has ended; nothing of it is left.") : tr("No demo was running."));
      });
    }
    if (auto started = demo.start(); !started) {
      demo.stop();
      return shell.refuse("demo", started.error());
    }
    Json daemons = Json::array();
    for (const auto& [office, pid] : demo.running()) daemons.push_back({{"office", office}, {"pid", pid}});
    return shell.print(envelope_of({{"folder", demo.folder().string()}, {"running", true}, {"daemons", daemons}}), render_demo);
  };
}
}  // namespace

std::vector<Command> demo_commands() {
  return {{"demo", "demo", translatable("try it out: a Kreis on this machine"), {}, declare_demo}};
}

}  // namespace kiz::cli
