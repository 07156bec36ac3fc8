// An offer as a plain program stores and sends it: one column and one length-prefixed field per field. The composites
// of limits.h work on it; nothing of our merge, rights or log is in it.
#pragma once

#include <array>
#include <string>

#include "kiz/bytes.h"
#include "protocol/wire.h"
#include "tests/bench/database.h"
#include "tests/bench/offers.h"

namespace kiz::bench {

struct PlainRecord {
  Bytes id;                           // 16
  std::array<std::string, 12> texts;  // all fields but id and capacity, in the order of Offer; lists joined by commas
  std::int64_t capacity = 0;

  static constexpr std::size_t municipality = 7;  // in texts

  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::blob(id, 16));
    for (auto& text : texts) ar(wire::text(text, 4096));
    ar(capacity);
  }
};

PlainRecord plain_record(const Offer& offer);

/// A new status of a record.
struct PlainChange {
  Bytes id;  // 16
  std::uint32_t field = 0;
  std::string value;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(wire::blob(id, 16), field, wire::text(value, 4096));
  }
};

/// The state table: a row per record, an index on the municipality.
class PlainState {
 public:
  explicit PlainState(Database& database);
  void put(const PlainRecord& record);
  void set_status(const PlainChange& change);

 private:
  Statement insert_, update_;
};

}  // namespace kiz::bench
