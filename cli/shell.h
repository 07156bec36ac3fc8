// One run of kiz: the options given, whom to ask, and what a terminal may be asked.
//
// Whom to ask: --socket; --store (through the daemon that holds it, if one does); $KIZ_SOCKET; $KIZ_STORE; else the
// daemon of this machine, the user's own daemon, the user's own store, the first of them that is there.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/form.h"
#include "cli/output.h"
#include "cli/unit.h"
#include "libclient/control_client.h"
#include "libclient/requests.h"

namespace kiz::cli {

/// Turns the data of an answer into text.
using Render = std::function<void(Output&, const Json& data)>;

class Shell {
 public:
  explicit Shell(Globals globals);
  ~Shell();

  Globals globals;
  Output out;  // data
  Output err;  // everything else

  /// The answer to one request as an envelope. Opens what is to be asked on the first call.
  Json ask(const std::string& request, const Json& args);
  /// Asks, prints JSON or text, warnings and errors; returns the exit code.
  int show(const std::string& request, const Json& args, const Render& render);
  /// Prints an envelope that is there already.
  int print(const Json& envelope, const Render& render);
  /// A refusal of our own making.
  int refuse(const std::string& request, const Refusal& refusal);
  int refuse(const std::string& request, const Error& error);

  /// True where a person can be asked: both ends are terminals, and --no-input was not given.
  bool may_prompt() const;
  /// Asks for one line; throws UsageError where nobody can be asked. `secret`: not echoed.
  std::string prompt(const std::string& question, bool secret = false);
  /// True with --yes or after a "ja"; throws UsageError where nobody can be asked.
  bool confirmed(const std::string& question);

  /// The socket of a running daemon; empty: there is none, and the store is opened directly.
  std::optional<std::filesystem::path> daemon();
  /// A daemon is there and does not let this user in.
  bool barred();
  /// The unit that runs this daemon, or would where none answers. Empty: somebody started it otherwise.
  std::optional<Unit> unit();
  /// Options for a store of one's own.
  ReplicaOptions replica_options();
  std::filesystem::path store_directory() const;
  /// The store of one's own, opened on the first call. Only where daemon() is empty.
  Result<Replica*> replica();
  /// Takes over a replica that was just made.
  void adopt(std::unique_ptr<Replica> replica);

  std::chrono::milliseconds timeout(std::chrono::milliseconds otherwise) const;
  Caller caller() const;

 private:
  struct Target;
  Result<void> open();
  Json ask_daemon(const std::string& request, const Json& args);
  Json ask_store(const std::string& request, const Json& args);

  std::unique_ptr<Target> target_;
};

/// The name of the local user, for the erasable part of entries.
std::string user_name();
/// Reads a file whole; "-" is standard input. errors: io_error, over_limit
Result<std::string> read_file(const std::filesystem::path& path);
/// Writes a file, new or in place of the old one, whole or not at all. errors: io_error, no_space
Result<void> write_file(const std::filesystem::path& path, std::string_view bytes);

/// BLAKE2b-256 of a file's bytes in hex: how a text is named that is not sent along.
std::string digest_of(std::string_view bytes);
/// ["a,b", "c"] -> ["a", "b", "c"]
Json split_at_commas(const Json& words);

std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

}  // namespace kiz::cli
