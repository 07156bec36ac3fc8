#include "protocol/emergency_sheet.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/source_dir.h"

using namespace kiz;

namespace {
nlohmann::json vector() {
  std::ifstream file{test::source_dir() / "tests/vectors/sheet/sheet.json"};
  return nlohmann::json::parse(file)[0];
}
}  // namespace

TEST_CASE("emergency sheet: code and keys are those made from SPEC alone") {
  const auto wanted = vector();
  const auto sheet = decode_sheet(wanted["code"].get<std::string>());
  REQUIRE(sheet);
  CHECK(to_hex(sheet->realm) == wanted["realm"].get<std::string>());
  CHECK(to_hex(sheet->root.view()) == wanted["root"].get<std::string>());
  CHECK(encode_sheet(*sheet) == wanted["code"].get<std::string>());
  CHECK(to_hex(kreis_transport(sheet->root).view()) == wanted["transport"].get<std::string>());
  const SecretKey32 secret = pair_secret(sheet->root);
  CHECK(to_hex(secret.view()) == wanted["pair_secret"].get<std::string>());
  CHECK(to_hex(pair_psk(secret, TransportKey::from(Bytes(32, 7))).view()) == wanted["pair"].get<std::string>());
}

TEST_CASE("emergency sheet: it is read as people print, scan and type it") {
  const std::string code = vector()["code"];
  std::string typed;
  for (const char c : code) typed += c == '-' ? ' ' : c == '0' ? 'o' : c == '1' ? 'l' : static_cast<char>(std::tolower(c));
  CHECK(decode_sheet(typed));
  CHECK(decode_sheet("NOTFALLBLATT / EMERGENCY SHEET\nKreis Borken (05554)\n" + code.substr(0, 60) + "\n  " + code.substr(60) + "\n\nTresor 3\n"));
}

TEST_CASE("emergency sheet: a slip of the pen, a cut and another version are refused") {
  const std::string code = vector()["code"];
  for (std::size_t at = 6; at < code.size(); ++at) {
    std::string slip = code;
    slip[at] = slip[at] == 'A' ? 'B' : 'A';
    CHECK_FALSE(decode_sheet(slip));
  }
  for (std::size_t n = 0; n < code.size(); ++n) CHECK_FALSE(decode_sheet(code.substr(0, n)));
  std::string later = code;
  later[4] = '2';
  CHECK(decode_sheet(later).error().code == Errc::unknown_version);
  CHECK(decode_sheet("").error().code == Errc::invalid_input);
  CHECK(decode_sheet(std::string(20000, 'A')).error().code == Errc::invalid_input);
}
