// kizd: the daemon. Reads its command line and configuration, runs the server, and ends with an exit code of sysexits.h.
#include <getopt.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "daemon/config_keys.h"
#include "daemon/log.h"
#include "daemon/server.h"
#include "libclient/intake_guard.h"
#include "libclient/memory_dumps.h"
#include "libclient/refusals.h"
#include "libclient/translate.h"

namespace {

using namespace kiz;

int sysexit(Errc code) {
  switch (code) {
    case Errc::store_in_use: return EX_TEMPFAIL;
    case Errc::wrong_key:
    case Errc::not_permitted: return EX_NOPERM;
    case Errc::io_error:
    case Errc::no_space:
    case Errc::damaged: return EX_IOERR;
    case Errc::unreachable:
    case Errc::store_too_new: return EX_UNAVAILABLE;
    case Errc::invalid_input:
    case Errc::not_found: return EX_CONFIG;
    default: return EX_SOFTWARE;
  }
}

int tell(const Error& error) {
  const Refusal refusal = to_refusal(error);
  std::cerr << "kizd: " << refusal.text << '\n';
  if (!refusal.hint.empty()) std::cerr << "kizd: " << refusal.hint << '\n';
  return sysexit(error.code);
}

void print_help() {
  std::cout << tr("kizd - exchanges what offices enter with the Kreis, and keeps it in one store\n"
                  "\n"
                  "  --config FILE       configuration (TOML); every key is explained in kiz-sync.toml\n"
                  "  --store DIR         the store; its control socket lies inside\n"
                  "  --socket PATH       control socket, where kiz asks\n"
                  "  --listen ADDR:PORT  where members call; may be given several times\n"
                  "  --check-config      reads the configuration, says whether it is right, and ends\n"
                  "  --show-config       what holds, and where each value comes from, as JSON\n"
                  "  --config-reference  every key with its default, as kiz-sync.toml\n"
                  "  --foreground        stays in the foreground; it always does\n"
                  "  --lang de|en        language of messages\n"
                  "  --version, --help\n");
}

struct Started {
  CommandLine line;
  std::optional<int> end;  // an exit code: there is nothing to run
};

Started read_command_line(int argc, char** argv) {
  static const option known[] = {{"config", required_argument, nullptr, 'c'},   {"store", required_argument, nullptr, 's'},
                                 {"socket", required_argument, nullptr, 'k'},   {"listen", required_argument, nullptr, 'l'},
                                 {"check-config", no_argument, nullptr, 'C'},   {"show-config", no_argument, nullptr, 'S'},
                                 {"config-reference", no_argument, nullptr, 'R'}, {"foreground", no_argument, nullptr, 'f'},
                                 {"lang", required_argument, nullptr, 'L'},     {"version", no_argument, nullptr, 'v'},
                                 {"help", no_argument, nullptr, 'h'},           {nullptr, 0, nullptr, 0}};
  Started out;
  for (int found = 0; (found = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (found) {
      case 'c': out.line.config = optarg; break;
      case 's': out.line.store = optarg; break;
      case 'k': out.line.socket = optarg; break;
      case 'l': out.line.listen.emplace_back(optarg); break;
      case 'C': out.line.check_config = true; break;
      case 'S': out.line.show_config = true; break;
      case 'R': out.line.config_reference = true; break;
      case 'f': break;
      case 'L': set_language(optarg); break;
      case 'v': std::cout << "kizd " << KIZ_VERSION << '\n'; return {{}, EX_OK};
      case 'h': print_help(); return {{}, EX_OK};
      default: return {{}, EX_USAGE};  // getopt has said what is wrong
    }
  }
  if (optind < argc) {
    std::cerr << "kizd: " << tr("\"{}\" is not expected here; see kizd --help.", {argv[optind]}) << '\n';
    out.end = EX_USAGE;
  }
  return out;
}

int tell_that_it_is_right(const Config& config) {
  std::string files;
  for (const auto& file : config.files) files += (files.empty() ? "" : ", ") + file.string();
  std::cout << tr("The configuration is right: {}", {files.empty() ? tr("(no file)") : files}) << '\n';
  return EX_OK;
}

int run(const Config& config, const CommandLine& line) {
  asio::io_context io{1};
  auto server = std::make_unique<Server>(io, config, line);
  if (auto started = server->start(); !started) {
    // Coroutines that were started hold on to the server, and the loop will not run: end as we are, nothing is unwritten.
    const int code = tell(started.error());
    std::cerr.flush();
    server->control().close();
    std::_Exit(code);
  }
  io.run();  // returns when nothing is left to do
  server.reset();
  log::info("stopped", "");
  return EX_OK;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "C.UTF-8");
  kiz::start_translations();
  kiz::set_language(kiz::language_of_environment());
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(0077);
  kiz::forbid_memory_dumps();
  kiz::mark_own_failures();
  const auto started = read_command_line(argc, argv);
  if (started.end) return *started.end;
  if (started.line.config_reference) {
    std::cout << kiz::config_reference();
    return EX_OK;
  }
  const auto config = kiz::read_config(started.line);
  if (!config) return tell(config.error());
  if (started.line.show_config) {
    std::cout << kiz::config_json(*config).dump(2) << '\n';
    return EX_OK;
  }
  if (started.line.check_config) return tell_that_it_is_right(*config);
  kiz::log::start();
  kiz::log::set_level(config->level);
  try {
    return run(*config, started.line);
  } catch (const std::exception& fault) {
    kiz::log::error("fault", "what={}", fault.what());
    return EX_SOFTWARE;
  }
}
