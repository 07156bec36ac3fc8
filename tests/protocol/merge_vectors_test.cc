// Worlds with the states that an independent model expects: tests/vectors/merge and, where there is real data, its own.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/merge_world.h"
#include "tests/support/real_data.h"
#include "tests/support/source_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

void check_order(const World& world, const Json& json, std::size_t number) {
  const auto steps = steps_from_json(json["orders"][number]);
  const Json& middle = json["middle"];
  WorldReplica replica{world};
  for (std::size_t at = 0; at < steps.size(); ++at) {
    replica.take(steps[at]);
    CAPTURE(number);
    CAPTURE(at);
    if (middle["order"] == number && middle["after"] == at + 1) CHECK(replica.outcome() == middle["expected"]);
    const auto again = rebuilt(world, replica);
    CHECK(replica.canonical() == again->canonical());
    CHECK(replica.outcome() == again->outcome());
  }
  CHECK(replica.outcome() == json["expected"]);
}

std::size_t check_folder(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in{file.path()};
    for (const Json& json : Json::parse(in)) {
      const std::string name = json["name"];
      CAPTURE(name);
      const auto world = world_from_json(json);
      for (std::size_t order = 0; order < json["orders"].size(); ++order) check_order(*world, json, order);
      ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("merge: our own worlds come out as they are written down, at every step and in every order") {
  CHECK(check_folder(test::source_dir() / "tests/vectors/merge") > 0);
}

TEST_CASE("real data: the model's worlds come out as the model says, at every step and in every order") {
  const auto folder = real_data() / "model/vectors";
  if (!std::filesystem::is_directory(folder)) {
    MESSAGE("skipped: no model in " << folder.string());
    return;
  }
  CHECK(check_folder(folder) > 100);
}
