#include "protocol/record_state.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

using namespace kiz;

namespace {

template <class Id>
Id id(std::uint8_t number) {
  Id out;
  out.bytes.fill(number);
  return out;
}

RecordState sample() {
  RecordState out;
  out.touched = true;
  out.entries = {{id<EntryHash>(2), id<LogId>(9), 4, Timestamp::of(70)}, {id<EntryHash>(5), id<LogId>(8), 1, Timestamp::of(60)}};
  out.fields = {1, 3, 7};
  out.cells = {{0, CellKind::alive, false, false, 1, 2, {}, {}},
               {1, CellKind::replaced, false, false, 0, 0, {}, Value{std::string{"Käse"}}},
               {1, CellKind::replaced, true, true, 1, 0, Origin{{id<EntryHash>(7), 3}, Timestamp::of(9)}, {}},
               {3, CellKind::added, false, false, 0, 1, {}, Value{std::int64_t{-4}}}};
  DeltaSum sum;
  sum.field = 7;
  sum.counted = 3;
  sum.inside = 1;
  sum.sum = -(Int128{1} << 70) + 5;
  sum.counted_names = cell_name_hash({id<EntryHash>(1), 1});
  out.sums = {sum};
  return out;
}

const RecordId record{4, id<RecordKey>(3)};

}  // namespace

TEST_CASE("record_state: what is encoded is decoded, and decodes to the same bytes again") {
  const Bytes bytes = encode_record(sample());
  const auto out = decode_record(bytes);
  REQUIRE(out);
  CHECK(*out == sample());
  CHECK(encode_record(*out) == bytes);
  CHECK(decode_record(encode_record(RecordState{}))->empty());
}

TEST_CASE("record_state: of some fields the same is decoded as of all, with existence and without the others") {
  const Bytes bytes = encode_record(sample());
  for (unsigned chosen = 0; chosen < 16; ++chosen) {
    std::vector<std::uint32_t> fields;
    for (unsigned bit = 0; bit < 4; ++bit) {
      if ((chosen >> bit & 1) != 0) fields.push_back(std::array<std::uint32_t, 4>{1, 3, 7, 9}[bit]);
    }
    CAPTURE(chosen);
    const auto is_other = [&](std::uint32_t field) { return !std::binary_search(fields.begin(), fields.end(), field); };
    RecordState expected = sample();
    std::erase_if(expected.fields, is_other);
    std::erase_if(expected.cells, [&](const Cell& cell) { return cell.field != field_existence && is_other(cell.field); });
    std::erase_if(expected.sums, [&](const DeltaSum& sum) { return is_other(sum.field); });
    RecordState out = sample();  // what it held does not show
    REQUIRE(decode_record(bytes, fields, out));
    CHECK(out == expected);
    for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode_record(ByteView{bytes.data(), n}, fields, out));
  }
}

TEST_CASE("record_state: every truncation and every longer input is refused") {
  Bytes bytes = encode_record(sample());
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(decode_record(ByteView{bytes.data(), n}));
  bytes.push_back(0);
  CHECK_FALSE(decode_record(bytes));
}

TEST_CASE("record_state: a second spelling is refused") {
  RecordState twisted = sample();
  std::swap(twisted.cells[0], twisted.cells[1]);
  CHECK(decode_record(encode_record(twisted)).error().code == Errc::not_canonical);
  twisted = sample();
  std::swap(twisted.entries[0], twisted.entries[1]);
  CHECK(decode_record(encode_record(twisted)).error().code == Errc::not_canonical);
  twisted = sample();
  twisted.entries.push_back({id<EntryHash>(6), id<LogId>(8), 1, {}});
  CHECK(decode_record(encode_record(twisted)).error().code == Errc::not_canonical);
  twisted = sample();
  twisted.cells[0].entry = 2;
  CHECK(decode_record(encode_record(twisted)).error().code == Errc::malformed);
  twisted = sample();
  twisted.touched = false;
  CHECK(decode_record(encode_record(twisted)).error().code == Errc::not_canonical);
}

TEST_CASE("record_state: normalising sorts entries and cells and drops what no cell uses") {
  RecordState messy = sample();
  std::swap(messy.entries[0], messy.entries[1]);
  for (Cell& cell : messy.cells) cell.entry = 1 - cell.entry;
  messy.entries.push_back({id<EntryHash>(1), id<LogId>(1), 1, {}});
  std::reverse(messy.cells.begin(), messy.cells.end());
  messy.normalise();
  CHECK(messy == sample());
}

TEST_CASE("record_state: the digest hangs on names of cells and not on their values") {
  const Hash before = record_digest(record, sample());
  RecordState other = sample();
  other.cells[1].value.reset();
  other.sums[0].sum = 0;
  other.sums[0].unknown = 3;
  CHECK(record_digest(record, other) == before);
  other = sample();
  other.cells[1].op = 9;
  CHECK(record_digest(record, other) != before);
  other = sample();
  other.fields.push_back(8);
  CHECK(record_digest(record, other) != before);
  other = sample();
  other.sums[0].counted_names.bytes[0] ^= 1;
  CHECK(record_digest(record, other) != before);
  CHECK(record_digest({5, record.key}, sample()) != before);
}

TEST_CASE("record_state: the state hash of a space is that of its records in order") {
  const RecordId next{4, id<RecordKey>(4)};
  const auto hash_of = [](const std::vector<RecordId>& records) {
    StateHasher hasher;
    for (const RecordId& r : records) hasher.add(r, record_digest(r, sample()));
    return hasher.finish();
  };
  CHECK(hash_of({record, next}) == hash_of({record, next}));
  CHECK(hash_of({record}) != hash_of({record, next}));
  CHECK(hash_of({}) != hash_of({record}));
}
