#include "protocol/emergency_sheet.h"

#include <algorithm>

#include "protocol/base32.h"
#include "protocol/pre_shared_key.h"

namespace kiz {
namespace {

constexpr std::string_view prefix = "KIZN";
constexpr std::string_view meant_prefix = "K1ZN";  // what it becomes when it is read as people mean it
constexpr char version_digit = '1';
constexpr std::size_t checksum_bytes = 5;
constexpr std::size_t body_bytes = 32 + 32;
constexpr std::size_t digits = ((body_bytes + checksum_bytes) * 8 + 4) / 5;
constexpr std::size_t text_bytes_max = 16u << 10;

Bytes checksum(ByteView body) {
  const std::uint8_t version = version_digit;
  const auto sum = crypto::Hasher{"kiz-sync sheet checksum v1"}.add({&version, 1}).add(body).finish();
  return {sum.bytes.begin(), sum.bytes.begin() + checksum_bytes};
}

}  // namespace

std::string encode_sheet(const EmergencySheet& sheet) {
  Bytes body;
  body.insert(body.end(), sheet.realm.bytes.begin(), sheet.realm.bytes.end());
  body.insert(body.end(), sheet.root.view().begin(), sheet.root.view().end());
  const Bytes sum = checksum(body);
  body.insert(body.end(), sum.begin(), sum.end());
  std::string out{prefix};
  out.push_back(version_digit);
  out += "-" + base32::in_groups(base32::encode(body));
  wipe(body);
  return out;
}

Result<EmergencySheet> decode_sheet(std::string_view text) {
  const Error none{Errc::invalid_input, "emergency sheet"};
  if (text.size() > text_bytes_max) return none;
  std::string code = base32::without_separators(text);
  for (char& c : code) c = base32::as_meant(c);
  const auto at = code.find(meant_prefix);
  if (at == std::string::npos || code.size() < at + meant_prefix.size() + 1 + digits) return none;
  const char version = code[at + meant_prefix.size()];
  if (version != version_digit) return version > version_digit && version <= '9' ? Error{Errc::unknown_version, "emergency sheet"} : none;
  auto bytes = base32::decode(std::string_view{code}.substr(at + meant_prefix.size() + 1, digits));
  if (!bytes || bytes->size() != body_bytes + checksum_bytes) return none;
  const ByteView body = ByteView{*bytes}.first(body_bytes);
  const bool whole = equal_in_constant_time(checksum(body), ByteView{*bytes}.last(checksum_bytes));
  EmergencySheet sheet{RealmId::from(body.first(32)), SecretKey32{body.last(32)}};
  wipe(*bytes);
  if (!whole) return none;
  return sheet;
}

SecretKey32 kreis_transport(const SecretKey32& root) { return derive_secret("kiz-sync kreis transport v1", {root.view()}); }
SecretKey32 pair_secret(const SecretKey32& root) { return derive_secret("kiz-sync pair secret v1", {root.view()}); }
SecretKey32 pair_psk(const SecretKey32& secret, const TransportKey& device) {
  return derive_secret("kiz-sync pair v1", {secret.view(), device});
}

}  // namespace kiz
