// Rows of a list as `kizd` hands them to `kiz`: of ten thousand records, JSON and what is built of it cost more than the
// records themselves.
//
//   row    its cells one after the other, as many as the asker named columns
//   cell   count, texts: none where there is nothing or no single value, several for a set
//   text   length, bytes
// Counts and lengths are numbers as in SPEC.md 2 "Canonical bytes". Nothing stands between rows; they go on to the end.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "kiz/bytes.h"

namespace kiz::packed_rows {

/// The texts of one cell; they lie in the bytes that are read.
using Cell = std::vector<std::string_view>;

class Packer {
 public:
  void begin_cell(std::size_t texts) { number(texts); }
  void text(std::string_view text);

  const Bytes& bytes() const { return out_; }

 private:
  void number(std::uint64_t number);

  Bytes out_;
};

/// Calls `each` for every row. False: the bytes hold something else; the rows before that were passed on.
bool read(ByteView bytes, std::size_t columns, const std::function<void(std::span<const Cell> row)>& each);

}  // namespace kiz::packed_rows
