#include "libclient/list_rows.h"

#include <doctest/doctest.h>

#include "libclient/control_frame.h"
#include "libclient/safe_text.h"
#include "tests/support/realm.h"

using namespace kiz;

namespace {

using Texts = std::vector<std::vector<std::string>>;

std::optional<std::vector<Texts>> unpacked(ByteView bytes, std::size_t columns) {
  std::vector<Texts> out;
  const bool whole = packed_rows::read(bytes, columns, [&](std::span<const packed_rows::Cell> row) {
    Texts& cells = out.emplace_back();
    for (const auto& cell : row) cells.emplace_back(cell.begin(), cell.end());
  });
  return whole ? std::optional{out} : std::nullopt;
}

Bytes packed(const std::vector<Texts>& rows) {
  packed_rows::Packer out;
  for (const Texts& row : rows) {
    for (const auto& cell : row) {
      out.begin_cell(cell.size());
      for (const std::string& text : cell) out.text(text);
    }
  }
  return out.bytes();
}

}  // namespace

TEST_CASE("packed_rows: rows come out as they went in, of any length") {
  const std::vector<Texts> rows{{{"A-1"}, {}, {"x", "", "y"}}, {{std::string(300, 'z')}, {std::string("\0\n", 2)}, {}}};
  CHECK(unpacked(packed(rows), 3) == rows);
  CHECK(unpacked({}, 3) == std::vector<Texts>{});
  CHECK(unpacked({}, 0) == std::vector<Texts>{});
}

TEST_CASE("packed_rows: what is cut short, too long or of another width is refused") {
  const Bytes good = packed({{{"A-1"}, {"x", "y"}}, {{"A-2"}, {}}});
  std::size_t whole_rows = 0;
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    if (unpacked(ByteView{good}.first(cut), 2)) ++whole_rows;
  }
  CHECK(whole_rows == 1);  // where the first row ends
  CHECK_FALSE(unpacked(good, 3));
  CHECK_FALSE(unpacked(good, 0));
  CHECK_FALSE(unpacked(Bytes{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 1));  // a count of 2^64 - 1
  CHECK_FALSE(unpacked(Bytes{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 1));  // such a length
}

TEST_CASE("list_rows: the rows of a list say what its records say, in the same order") {
  test::Realm realm;
  const auto town = realm.join("05554004"), other = realm.join("05554004");
  const auto ask_at = [&](Replica& replica, const char* request, Json args) {
    const Json envelope = execute(replica, {{"request", request}, {"args", std::move(args)}}, Caller{LocalRole::administer, "anna", "en"}, {});
    REQUIRE_MESSAGE(envelope.value("ok", false), envelope.dump());
    return envelope["data"];
  };
  const auto ask = [&](const char* request, Json args) { return ask_at(*town, request, std::move(args)); };
  const auto enter = [&](std::initializer_list<std::pair<const char*, const char*>> fields) {
    Json list = Json::array();
    for (const auto& [name, text] : fields) list.push_back({{"field", name}, {"op", std::string{name} == "kind" || std::string{name} == "languages" ? "+=" : "="}, {"text", text}});
    return ask("offer.new", {{"fields", list}});
  };
  const std::string disputed = enter({{"title", "Ärztliche Beratung"}, {"provider", "Caritas"}, {"kind", "counselling, language_course"}, {"languages", "ar, uk"}})["id"].get<std::string>();
  enter({{"title", "Zirkus"}, {"provider", "Jugendzentrum „Süd“"}, {"kind", "meeting_place"}});
  enter({{"title", "Aktentaschenkurs"}, {"provider", "VHS"}, {"kind", "language_course"}});
  const std::string gone = enter({{"title", "Weg"}, {"provider", "VHS"}, {"kind", "language_course"}})["ref"].get<std::string>();
  ask("offer.delete", {{"ref", gone}});
  realm.sync(*town);
  realm.sync(*other);
  ask("offer.edit", {{"ref", disputed}, {"fields", {{{"field", "status"}, {"op", "="}, {"text", "ended"}}}}});
  ask_at(*other, "offer.edit", {{"ref", disputed}, {"fields", {{{"field", "status"}, {"op", "="}, {"text", "planned"}}}}});
  realm.sync(*other);
  realm.sync(*town);
  REQUIRE(town->conflict_count() == 1);

  const std::vector<std::string> columns{"ref", "title", "member", "member_name", "provider", "kind", "languages", "status", "notes", "no_such_field"};
  for (const Json& filter : {Json::object(), Json{{"kind", "language_course"}}, Json{{"text", "caritas"}}, Json{{"status", "ended"}}}) {
    Json with_columns = filter;
    with_columns["columns"] = columns;
    const char* request = filter.contains("text") ? "offer.search" : "offer.list";
    const Json records = ask(request, filter)["offers"];
    const Json list = ask(request, with_columns);
    CHECK(list["total"] == records.size());
    const auto rows = unpacked(list["rows"].get_binary(), columns.size());
    REQUIRE(rows);
    REQUIRE(rows->size() == records.size());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        const Json held = records[i].value(columns[c], Json::array());
        CHECK(Json((*rows)[i][c]) == (held.is_array() ? held : held.is_null() ? Json::array() : Json::array({held})));
      }
    }
  }

  SUBCASE("and they come through the control socket's frame") {
    const Json envelope = execute(*town, {{"request", "offer.list"}, {"args", {{"columns", columns}}}}, Caller{LocalRole::read, "anna", "en"}, {});
    const auto frame = control_frame::encode(envelope);
    REQUIRE(frame);
    const auto back = control_frame::decode(std::string_view{*frame}.substr(control_frame::header_bytes));
    REQUIRE(back);
    CHECK(*back == envelope);
  }
}

TEST_CASE("control frame: rows without a place to stand in are no message") {
  for (const std::string text : {R"({})", R"({"data":[]})", R"({"data":{"rows":1}})", R"([])"}) {
    CHECK(control_frame::decode(text + '\0' + "\x01").error().code == Errc::malformed);
  }
  CHECK(control_frame::decode(std::string{R"({"data":{}})"} + '\0'));
}

TEST_CASE("safe_text: plain_width is the width of what line() leaves alone, of every character") {
  for (char32_t c = 1; c < 0x3000; ++c) {
    std::string text = "a";
    if (c < 0x80) {
      text += static_cast<char>(c);
    } else if (c < 0x800) {
      text += {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 0x3F))};
    } else {
      text += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
    const auto plain = safe_text::plain_width(text + "b");
    if (!plain) continue;
    CHECK(safe_text::line(text + "b") == text + "b");
    CHECK(*plain == safe_text::width(text + "b"));
  }
  CHECK(safe_text::plain_width("Straße, Ärztin") == 14);
  CHECK_FALSE(safe_text::plain_width("Stra\xC3"));
  CHECK_FALSE(safe_text::plain_width("\xC3 b"));
  CHECK_FALSE(safe_text::plain_width("a\tb"));
  CHECK_FALSE(safe_text::plain_width("\xC2\xAD"));
}
