// Programs that are installed beside this one.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kiz::cli {

/// The program of that name in the folder of kiz, or in ../sbin; else the bare name, looked up in $PATH.
std::filesystem::path program_beside(const std::string& name);

struct Ran {
  bool started = false;
  int exit = -1;
  std::string output;  // standard output and standard error
};

/// Runs a program to its end.
Ran run_program(const std::vector<std::string>& words);

/// Starts a program that goes on by itself, in a session of its own, writing to a log file. -1: not started.
pid_t start_program(const std::vector<std::string>& words, const std::filesystem::path& log);

}  // namespace kiz::cli
