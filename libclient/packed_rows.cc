#include "libclient/packed_rows.h"

#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz::packed_rows {

void Packer::number(std::uint64_t number) {
  std::uint8_t digits[wire::varint_bytes_max];
  out_.insert(out_.end(), digits, digits + wire::put_varint(number, digits));
}

void Packer::text(std::string_view text) {
  number(text.size());
  out_.insert(out_.end(), text.begin(), text.end());
}

bool read(ByteView bytes, std::size_t columns, const std::function<void(std::span<const Cell> row)>& each) {
  if (columns == 0) return bytes.empty();
  std::vector<Cell> row(columns);
  try {
    wire::Reader in{bytes};
    while (in.left() > 0) {
      for (Cell& cell : row) {
        cell.clear();
        for (std::size_t left = in.count(bytes.size(), 1); left > 0; --left) {
          const ByteView text = in.raw(in.count(bytes.size(), 1));
          cell.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
        }
      }
      each(row);
    }
    return true;
  } catch (const wire::Refused&) {
    return false;
  }
}

}  // namespace kiz::packed_rows
