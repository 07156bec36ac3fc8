#include "protocol/wire.h"

#include <doctest/doctest.h>

using namespace kiz;

namespace {
struct Sample {
  std::uint32_t number = 0;
  std::int64_t signed_number = 0;
  bool flag = false;
  std::string text;
  std::vector<std::uint32_t> set;
  std::optional<CellName> cell;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(number, signed_number, flag, wire::text(text, 10), wire::sorted_set(set, 4), cell);
  }
};
}  // namespace

TEST_CASE("wire: what is written is read back") {
  const Sample in{300, -5, true, "Käse", {1, 2, 9}, CellName{{}, 7}};
  const Bytes bytes = wire::encode(in);
  const auto out = wire::decode<Sample>(bytes);
  REQUIRE(out);
  CHECK(out->number == 300);
  CHECK(out->signed_number == -5);
  CHECK(out->text == "Käse");
  CHECK(out->set == in.set);
  CHECK(out->cell == in.cell);
  CHECK(wire::encode(*out) == bytes);
}

TEST_CASE("wire: every truncation is refused") {
  const Bytes bytes = wire::encode(Sample{300, -5, true, "Käse", {1, 2, 9}, CellName{}});
  for (std::size_t n = 0; n < bytes.size(); ++n) CHECK_FALSE(wire::decode<Sample>(ByteView{bytes.data(), n}));
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(wire::decode<Sample>(longer).error().code == Errc::malformed);
}

TEST_CASE("wire: a number has one spelling") {
  CHECK(wire::decode<std::uint64_t>(Bytes{0x80, 0x00}).error().code == Errc::not_canonical);
  CHECK(*wire::decode<std::uint64_t>(Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}) == UINT64_MAX);
  CHECK(wire::decode<std::uint64_t>(Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}).error().code ==
        Errc::over_limit);
  CHECK(wire::decode<std::uint8_t>(Bytes{0x80, 0x02}).error().code == Errc::over_limit);
  CHECK(wire::decode<bool>(Bytes{2}).error().code == Errc::not_canonical);
}

TEST_CASE("wire: a length is checked before anything is allocated") {
  const Bytes huge_text{0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x07};
  CHECK(wire::decode<Sample>(huge_text).error().code == Errc::over_limit);
  const Bytes value_2_gib{2, 0xff, 0xff, 0xff, 0xff, 0x07};
  CHECK(wire::decode<Value>(value_2_gib).error().code == Errc::over_limit);
}

TEST_CASE("wire: a set out of order or with a twin is refused") {
  CHECK(wire::decode<Sample>(Bytes{0, 0, 0, 0, 2, 2, 1, 0}).error().code == Errc::not_canonical);
  CHECK(wire::decode<Sample>(Bytes{0, 0, 0, 0, 2, 2, 2, 0}).error().code == Errc::not_canonical);
}

TEST_CASE("wire: text must be UTF-8") {
  CHECK(wire::is_text("Grüße aus 日本 😀"));
  CHECK_FALSE(wire::is_text("\xc0\x80"));
  CHECK_FALSE(wire::is_text("\xed\xa0\x80"));
  CHECK_FALSE(wire::is_text("\xff"));
  CHECK_FALSE(wire::is_text("ab\xc3"));
  CHECK_FALSE(wire::is_text(std::string_view{"a\0b", 3}));
}

TEST_CASE("wire: a wrong byte in a text is found wherever it stands") {
  const std::string text(40, 'x');
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char wrong : {'\0', '\x80', '\xff', '\xc3'}) {
      std::string bad = text;
      bad[at] = wrong;
      CHECK_FALSE(wire::is_text(bad));
    }
    std::string good = text;
    good.replace(at, 1, "ß");
    CHECK(wire::is_text(good));
    CHECK(wire::is_text(std::string_view{text}.substr(at)));
  }
}

TEST_CASE("wire: values of each sort") {
  for (const Value& v : {Value{}, Value{std::int64_t{-1}}, Value{std::string{"x"}}, Value{Bytes{1, 2}}}) {
    CHECK(*wire::decode<Value>(wire::encode(v)) == v);
  }
}
