#include "tests/fuzz/mutate.h"

namespace kiz::fuzz {
namespace {

constexpr std::size_t input_bytes_max = 1 << 16;
constexpr auto telling_bytes = std::to_array<std::uint8_t>({0x00, 0x01, 0x7f, 0x80, 0x81, 0xff, 0xc0, 0xed});
// Varints at the edges: 2^31 - 1, 2^32, 2^63, 2^64 - 1, and 0 in two bytes.
const std::vector<Bytes> telling_numbers = {{0xff, 0xff, 0xff, 0xff, 0x07},
                                            {0x80, 0x80, 0x80, 0x80, 0x10},
                                            {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01},
                                            {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
                                            {0x80, 0x00}};

auto at(Bytes& bytes, std::size_t place) { return bytes.begin() + static_cast<std::ptrdiff_t>(place); }
auto at(const Bytes& bytes, std::size_t place) { return bytes.begin() + static_cast<std::ptrdiff_t>(place); }

}  // namespace

std::uint64_t Mutator::draw() {  // splitmix64
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

Bytes Mutator::next(const std::vector<Bytes>& inputs) {
  Bytes out = inputs[below(inputs.size())];
  for (std::size_t times = 1 + below(4); times > 0; --times) damage(out, inputs);
  if (out.size() > input_bytes_max) out.resize(input_bytes_max);
  return out;
}

void Mutator::damage(Bytes& input, const std::vector<Bytes>& others) {
  if (input.empty()) {
    input.push_back(static_cast<std::uint8_t>(draw()));
    return;
  }
  const std::size_t place = below(input.size());
  const std::size_t length = 1 + below(std::min<std::size_t>(input.size() - place, 64));
  switch (below(9)) {
    case 0:
      input[place] ^= static_cast<std::uint8_t>(1u << below(8));
      break;
    case 1:
      input[place] = telling_bytes[below(telling_bytes.size())];
      break;
    case 2:
      input[place] = static_cast<std::uint8_t>(draw());
      break;
    case 3:
      input.resize(place);
      break;
    case 4:
      input.erase(at(input, place), at(input, place + length));
      break;
    case 5: {
      const Bytes piece(at(input, place), at(input, place + length));
      input.insert(at(input, below(input.size() + 1)), piece.begin(), piece.end());
      break;
    }
    case 6: {
      const Bytes& number = telling_numbers[below(telling_numbers.size())];
      input.erase(at(input, place));
      input.insert(at(input, place), number.begin(), number.end());
      break;
    }
    case 7:
      input[place] = static_cast<std::uint8_t>(input[place] + (draw() % 2 ? 1 : -1));
      break;
    default: {
      const Bytes& other = others[below(others.size())];
      if (other.empty()) break;
      const std::size_t from = below(other.size());
      input.insert(at(input, place), at(other, from), at(other, from + 1 + below(other.size() - from)));
    }
  }
}

}  // namespace kiz::fuzz
