#include "libclient/second_thread.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace kiz;

TEST_CASE("second thread: each result is that of its own job, whoever did it") {
  SecondThread second;
  std::vector<std::future<int>> results;
  for (int i = 0; i < 200; ++i) results.push_back(second.begin([i] { return i * i; }));
  for (int i = 0; i < 200; ++i) CHECK(second.wait_for(results[static_cast<std::size_t>(i)]) == i * i);
}

TEST_CASE("second thread: what a job throws comes out where its result is asked for") {
  SecondThread second;
  auto bad = second.begin([]() -> int { throw std::runtime_error{"no"}; });
  auto good = second.begin([] { return 7; });
  CHECK_THROWS_AS(second.wait_for(bad), std::runtime_error);
  CHECK(second.wait_for(good) == 7);
}

TEST_CASE("second thread: jobs that nobody waits for end with it") {
  std::atomic<int> done{0};
  {
    SecondThread second;
    for (int i = 0; i < 50; ++i) static_cast<void>(second.begin([&] { return ++done; }));
  }
  const int at_the_end = done;
  CHECK(at_the_end <= 50);
  CHECK(done == at_the_end);
}
