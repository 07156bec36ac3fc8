// A throw-away Kreis on loopback: five towns, a daemon for each, no root. What `kiz demo` starts and shows.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/shell.h"

namespace kiz::cli {

/// One office of the demo; its folder is its store, the socket of its daemon lies in it.
struct DemoOffice {
  std::string folder;  // "ahaus"
  std::string town;    // as the register names it
  std::string place = "Rathaus";  // where in the town its machine stands
};

class Demo {
 public:
  /// Everything of the demo lies below `folder`; made anew by start().
  explicit Demo(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Sets the Kreis up, starts the daemons, lets the towns join and enters samples. At most a few seconds.
  Result<void> start();
  /// Ends the daemons that this demo started, and removes what they wrote. True if any ran.
  bool stop();
  /// Process ids of daemons that still run, by office.
  std::vector<std::pair<std::string, int>> running() const;

  static const std::vector<DemoOffice>& towns();
  const std::filesystem::path& folder() const { return folder_; }

 private:
  Result<void> set_up_kreis();
  Result<void> join(const DemoOffice& office);
  Result<void> start_daemon(const std::string& office);
  Result<Json> ask(const std::string& office, const std::string& request, const Json& args);
  Result<void> enter_samples();
  Result<void> make_conflict();

  std::filesystem::path folder_;
  std::string port_;
};

/// Where the demo of this user lies.
std::filesystem::path demo_folder();

}  // namespace kiz::cli
