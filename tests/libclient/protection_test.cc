#include "libclient/protection.h"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace kiz::protection;

namespace {

Table table(std::int64_t total, const std::vector<std::int64_t>& values) {
  Table out;
  out.total = total;
  out.breakdowns.push_back({"member", {}});
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.breakdowns[0].cells.push_back({std::string(1, static_cast<char>('a' + i)), values[i], Mask::shown});
  }
  protect(out);
  return out;
}

Table table(const std::vector<std::int64_t>& values) {
  std::int64_t total = 0;
  for (const auto value : values) total += value;
  return table(total, values);
}

std::string masks(const Table& of) {
  std::string out = of.total_mask == Mask::shown ? std::to_string(of.total) : "<3";
  for (const Cell& cell : of.breakdowns[0].cells) {
    out += cell.mask == Mask::shown ? " " + std::to_string(cell.value) : cell.mask == Mask::under_3 ? " <3" : " *";
  }
  return out;
}

}  // namespace

TEST_CASE("protection: one and two read \"< 3\", nothing and three are shown") {
  CHECK(masks(table({0, 3, 7})) == "10 0 3 7");
  CHECK(masks(table({0, 2, 7, 9})) == "18 0 <3 * 9");
  CHECK(masks(table({0, 1, 7, 9})) == "17 0 <3 * 9");
}

TEST_CASE("protection: a lone hidden cell takes the next smallest with it") {
  CHECK(masks(table({20, 1, 5, 30})) == "56 20 <3 * 30");
}

TEST_CASE("protection: between equals the key decides, whatever their order") {
  Table one = table({1, 6, 6, 6});
  Table other;
  other.total = 19;
  other.breakdowns = {{"member", {{"d", 6}, {"b", 6}, {"a", 1}, {"c", 6}}}};
  protect(other);
  CHECK(masks(one) == "19 <3 * 6 6");
  CHECK(masks(other) == "19 6 * <3 6");
}

TEST_CASE("protection: where covering one cell is not enough the whole breakdown is withheld") {
  CHECK(masks(table({1, 3, 0})) == "4 * * *");
  CHECK(masks(table({2, 2, 0})) == "4 * * *");
}

TEST_CASE("protection: a total of one or two is hidden with all its parts") {
  CHECK(masks(table({1, 0, 0})) == "<3 * * *");
  CHECK(masks(table({1, 1})) == "<3 * *");
  CHECK(masks(table({0, 0})) == "0 0 0");
}

TEST_CASE("protection: people in the total and in no cell cannot be computed when they are one or two") {
  CHECK(masks(table(11, {4, 5})) == "11 * *");
  CHECK(masks(table(19, {4, 5})) == "19 4 5");
  CHECK(masks(table(19, {4, 1, 9})) == "19 * * *");
}

TEST_CASE("protection: breakdowns of one total are protected each on its own") {
  Table two;
  two.total = 12;
  two.breakdowns = {{"member", {{"a", 5}, {"b", 7}}}, {"age_band", {{"x", 1}, {"y", 11}}}};
  protect(two);
  CHECK(two.breakdowns[0].cells[0].mask == Mask::shown);
  CHECK(two.breakdowns[1].cells[0].mask == Mask::under_3);
  CHECK(two.breakdowns[1].cells[1].mask == Mask::withheld);
}

// Plays the reader who knows the rule: of all worlds that give the very table published, no small cell has the same
// value in every one. `rest` stands for people who are in no cell.
TEST_CASE("protection: no reader can tell a one from a two, even one who knows the rule") {
  for (std::size_t cells = 1; cells <= 4; ++cells) {
    CAPTURE(cells);
    constexpr std::int64_t total_max = 11;  // every world of a total is looked at, so none is missed at the edge
    std::map<std::string, std::vector<std::set<std::int64_t>>> worlds;
    std::vector<std::int64_t> values(cells + 1, 0);  // the last one is the rest
    for (bool more = true; more;) {
      const std::vector<std::int64_t> named(values.begin(), values.end() - 1);
      std::int64_t total = 0;
      for (const auto value : values) total += value;
      if (total <= total_max) {
        const Table published = table(total, named);
        REQUIRE_FALSE(derivable(published));
        auto& possible = worlds[masks(published)];
        possible.resize(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) possible[i].insert(values[i]);
      }
      more = false;
      for (auto& value : values) {
        if (++value <= total_max) {
          more = true;
          break;
        }
        value = 0;
      }
    }
    for (const auto& [published, possible] : worlds) {
      for (const auto& candidates : possible) {
        CAPTURE(published);
        const bool settled = candidates.size() == 1 && (*candidates.begin() == 1 || *candidates.begin() == 2);
        CHECK_FALSE(settled);
      }
    }
  }
}
