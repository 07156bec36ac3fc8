#include "tests/bench/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <stdexcept>

namespace kiz::bench {
namespace {

constexpr double width = 720, height = 440, left = 60, right = 190, top = 40, bottom = 50;
constexpr std::array colours{"#1b6ca8", "#c0392b", "#1e8449", "#7d3c98", "#b9770e", "#34495e"};

struct Range {
  double low = 1e300, high = 0;
  void take(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  // Whole decades, so that lines of the grid stand at powers of ten.
  void round() {
    low = std::pow(10, std::floor(std::log10(low)));
    high = std::pow(10, std::ceil(std::log10(high) + 1e-9));
    if (high <= low) high = low * 10;
  }
  double part(double v) const { return (std::log10(v) - std::log10(low)) / (std::log10(high) - std::log10(low)); }
};

// "0.1", "1,000,000"
std::string label(double v) {
  if (v < 1) return fmt::format("{:g}", v);
  std::string out = fmt::format("{:.0f}", v);
  for (std::size_t at = out.size(); at > 3; at -= 3) out.insert(at - 3, 1, ',');
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

}  // namespace

void write_plot(const std::filesystem::path& file, const std::string& title, const std::string& x_axis, const std::vector<Series>& all) {
  Range x, y;
  for (const Series& series : all) {
    for (const auto& [at, value] : series.points) {
      x.take(at);
      y.take(value);
    }
  }
  if (y.high == 0) throw std::runtime_error{"a plot without points"};
  x.round();
  y.round();
  const auto to_x = [&](double v) { return left + x.part(v) * (width - left - right); };
  const auto to_y = [&](double v) { return height - bottom - y.part(v) * (height - top - bottom); };

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n<text x=\"{2}\" y=\"22\" font-size=\"15\">{3}</text>\n",
      width, height, left, escaped(title));
  for (double v = x.low; v <= x.high * 1.01; v *= 10) {
    out += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#ddd\"/><text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
                       to_x(v), top, height - bottom, height - bottom + 18, label(v));
  }
  for (double v = y.low; v <= y.high * 1.01; v *= 10) {
    out += fmt::format("<line x1=\"{1}\" x2=\"{2}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" stroke=\"#ddd\"/><text x=\"{3}\" y=\"{0:.1f}\" text-anchor=\"end\">{4}</text>\n",
                       to_y(v), left, width - right, left - 6, label(v));
  }
  out += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (left + width - right) / 2, height - 12, escaped(x_axis));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const char* colour = colours[i % colours.size()];
    std::string line;
    for (const auto& [at, value] : all[i].points) {
      line += fmt::format("{:.1f},{:.1f} ", to_x(at), to_y(value));
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", to_x(at), to_y(value), colour);
    }
    const double row = top + 14 + 18 * static_cast<double>(i);
    out += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", line, colour);
    out += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", width - right + 12, row, colour, escaped(all[i].name));
  }
  std::ofstream to{file};
  if (!(to << out << "</svg>\n")) throw std::runtime_error{file.string() + " cannot be written"};
}

}  // namespace kiz::bench
