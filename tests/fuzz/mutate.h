// Deterministic damage to right inputs, of the kinds that break decoders: lengths that lie, ends cut off, pieces twice.
#pragma once

#include <vector>

#include "kiz/bytes.h"

namespace kiz::fuzz {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : state_(seed) {}

  /// A damaged copy of one of `inputs` (at least one), now and then with a piece of another.
  Bytes next(const std::vector<Bytes>& inputs);

 private:
  std::uint64_t draw();
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(draw() % n); }  // n > 0
  void damage(Bytes& input, const std::vector<Bytes>& others);

  std::uint64_t state_;
};

}  // namespace kiz::fuzz
