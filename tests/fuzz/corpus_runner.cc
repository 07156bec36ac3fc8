// Runs one fuzz target without libFuzzer: every file of its corpus, every seed, and mutations of both. The same inputs
// in the same order each time. An input that fails is written to a file, and its bytes are printed.
//
//   fuzz_NAME FOLDER [--runs N] [--seed S] [--cut-every K]   FOLDER may be missing: then only the seeds
//   fuzz_NAME --write-seeds FOLDER             for libFuzzer to start from
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "kiz/assert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/heap_watch.h"
#include "tests/fuzz/mutate.h"

namespace {

namespace fs = std::filesystem;
using kiz::Bytes;

const Bytes* current = nullptr;  // what a crash is about

void report_crash(int signal) {
  if (current) {
    const std::string name = "crash-" + std::to_string(::getpid());
    std::ofstream{name, std::ios::binary}.write(reinterpret_cast<const char*>(current->data()),
                                                static_cast<std::streamsize>(current->size()));
    std::fprintf(stderr, "fuzz: signal %d on %zu bytes, kept in %s\n%s\n", signal, current->size(), name.c_str(),
                 kiz::to_hex(*current).c_str());
  }
  std::_Exit(1);
}

void run(const Bytes& input) {
  current = &input;
  kiz::fuzz::HeapWatch watch;
  kiz::fuzz::one(input);
  KIZ_ASSERT(watch.peak_bytes() <= kiz::fuzz::held_bytes_max(input.size()));
  current = nullptr;
}

std::vector<Bytes> files_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator{folder}) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Bytes> out;
  for (const auto& path : paths) {
    std::ifstream file{path, std::ios::binary};
    out.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return out;
}

int write_seeds(const fs::path& folder) {
  fs::create_directories(folder);
  int number = 0;
  for (const Bytes& seed : kiz::fuzz::seeds()) {
    std::ofstream{folder / ("seed-" + std::to_string(++number)), std::ios::binary}.write(
        reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 20000;
  std::uint64_t seed = 1;
  std::size_t cut_every = 1;
  fs::path folder;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--write-seeds" && i + 1 < argc) return write_seeds(argv[i + 1]);
    if (option == "--runs" && i + 1 < argc) {
      runs = std::stoull(argv[++i]);
    } else if (option == "--seed" && i + 1 < argc) {
      seed = std::stoull(argv[++i]);
    } else if (option == "--cut-every" && i + 1 < argc) {
      cut_every = std::max<std::size_t>(std::stoull(argv[++i]), 1);
    } else {
      folder = option;
    }
  }
  KIZ_ASSERT(sodium_init() >= 0);
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, report_crash);

  std::vector<Bytes> inputs = files_of(folder);
  const auto files = inputs.size();
  std::ranges::move(kiz::fuzz::seeds(), std::back_inserter(inputs));
  if (inputs.empty()) inputs.emplace_back();
  for (const Bytes& input : inputs) {
    run(input);
    for (std::size_t cut = 0; cut < std::min<std::size_t>(input.size(), 4096); cut += cut_every) {
      run({input.begin(), input.begin() + static_cast<std::ptrdiff_t>(cut)});
    }
  }
  kiz::fuzz::Mutator mutator{seed};
  for (std::uint64_t i = 0; i < runs; ++i) run(mutator.next(inputs));
  std::printf("fuzz: %zu files, %zu seeds, %llu mutations (--seed %llu)\n", files, inputs.size() - files,
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
  return 0;
}
