#include "tests/sim/plan.h"

#include <algorithm>
#include <sstream>

namespace kiz::sim {

bool read_dials(const std::string& list, Dials& out) {
  out = {};
  std::istringstream in{list};
  for (std::string item; std::getline(in, item, ',');) {
    const auto equals = item.find('=');
    const std::string name = item.substr(0, equals);
    const auto at = std::find(fault_names.begin(), fault_names.end(), name);
    if (at == fault_names.end()) return false;
    const std::string number = equals == std::string::npos ? "1" : item.substr(equals + 1);
    if (number.empty() || number.size() > 3 || number.find_first_not_of("0123456789") != std::string::npos) return false;
    out[static_cast<std::size_t>(at - fault_names.begin())] = static_cast<unsigned>(std::stoul(number));
  }
  return true;
}

std::string write_dials(const Dials& dials) {
  std::string out;
  for (std::size_t i = 0; i < fault_count; ++i) {
    if (dials[i] == 0) continue;
    out += (out.empty() ? "" : ",") + std::string{fault_names[i]} + (dials[i] > 1 ? "=" + std::to_string(dials[i]) : "");
  }
  return out;
}

}  // namespace kiz::sim
