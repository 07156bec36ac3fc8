// A line plot as SVG, both axes logarithmic: growth is read from slopes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kiz::bench {

struct Series {
  std::string name;  // with its unit
  std::vector<std::pair<double, double>> points;  // both > 0
};

/// Throws std::runtime_error when the file cannot be written.
void write_plot(const std::filesystem::path& file, const std::string& title, const std::string& x_axis, const std::vector<Series>& all);

}  // namespace kiz::bench
