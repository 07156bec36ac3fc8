#include "protocol/cell.h"

#include <algorithm>

namespace kiz {

bool lists(const Op& op, const CellName& cell) {
  return !op.cells.empty() && std::binary_search(op.cells.begin(), op.cells.end(), cell);
}

}  // namespace kiz
