// Runs the test cases of one program. With `--needs-real-data` it says "skipped" instead where there is none.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <string_view>

#include "tests/support/real_data.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::string_view{argv[i]} != "--needs-real-data" || kiz::test::has_real_data()) continue;
    std::printf("skipped: no real data in %s (KIZ_REAL_DATA names the folder)\n", kiz::test::real_data().c_str());
    return kiz::test::skipped;
  }
  doctest::Context context;
  context.setOption("no-version", true);
  context.applyCommandLine(argc, argv);
  return context.run();
}
