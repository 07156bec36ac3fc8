#include "protocol/enrolment_code.h"

#include <sodium.h>

#include <new>

#include "protocol/base32.h"
#include "protocol/crypto.h"
#include "protocol/pre_shared_key.h"

namespace kiz {

namespace {

constexpr std::string_view prefix = "KIZ";
constexpr char version_digit = '1';
constexpr std::size_t checksum_bytes = 5;
constexpr std::size_t address_bytes_max = 255;
constexpr std::size_t fixed_bytes = 32 + 32 + 16 + 6 + 1;  // realm, key, secret, expires, number of addresses
constexpr std::size_t check_digits = 8;

bool is_host_and_port(std::string_view address) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || address.size() > address_bytes_max) return false;
  const auto host = address.substr(0, colon);
  const auto port = address.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const auto name = bracketed ? host.substr(1, host.size() - 2) : host;
  if (name.empty()) return false;
  for (const char c : name) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter_or_digit && c != '.' && c != '-' && c != '_' && !(bracketed && (c == ':' || c == '%'))) return false;
  }
  unsigned number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9' || number > 65535) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return !port.empty() && port.front() != '0' && number <= 65535;
}

// Over the version too: the digit in front is protected like the rest.
Bytes checksum(ByteView body) {
  const std::uint8_t version = version_digit;
  const auto sum = crypto::Hasher{"kiz-sync invite checksum v1"}.add({&version, 1}).add(body).finish();
  return {sum.bytes.begin(), sum.bytes.begin() + checksum_bytes};
}

Result<Invite> decode_body(ByteView in) {
  const Error altered{Errc::invite_altered, "invite"};
  if (in.size() < fixed_bytes) return altered;
  const auto take = [&in](std::size_t count) {
    const ByteView out = in.first(count);
    in = in.subspan(count);
    return out;
  };
  Invite out;
  out.realm = RealmId::from(take(32));
  out.kreis_static = TransportKey::from(take(32));
  out.secret = Secret<16>{take(16)};
  for (const std::uint8_t b : take(6)) out.expires_ms = out.expires_ms << 8 | b;
  const std::size_t addresses = take(1)[0];
  if (addresses == 0 || addresses > invite_addresses_max) return altered;
  for (std::size_t i = 0; i < addresses; ++i) {
    if (in.empty() || in.size() - 1 < in[0]) return altered;
    const ByteView text = take(1 + std::size_t{in[0]}).subspan(1);
    out.addresses.emplace_back(text.begin(), text.end());
    if (!is_host_and_port(out.addresses.back())) return altered;
  }
  if (!in.empty()) return altered;
  return out;
}

}  // namespace

InviteId Invite::id() const {
  return InviteId::from(derive_secret("kiz-sync invite id v1", {secret.view()}).view().first(InviteId::size_bytes));
}

Result<std::string> encode_invite(const Invite& invite) {
  if (invite.addresses.empty() || invite.addresses.size() > invite_addresses_max) {
    return Error{Errc::invalid_input, "number of addresses"};
  }
  for (const auto& address : invite.addresses) {
    if (!is_host_and_port(address)) return Error{Errc::invalid_input, "address"};
  }
  if (invite.expires_ms >> 48 != 0) return Error{Errc::invalid_input, "expiry"};

  Bytes body;
  const auto append = [&body](ByteView piece) { body.insert(body.end(), piece.begin(), piece.end()); };
  append(invite.realm);
  append(invite.kreis_static);
  append(invite.secret.view());
  for (int shift = 40; shift >= 0; shift -= 8) body.push_back(static_cast<std::uint8_t>(invite.expires_ms >> shift));
  body.push_back(static_cast<std::uint8_t>(invite.addresses.size()));
  for (const auto& address : invite.addresses) {
    body.push_back(static_cast<std::uint8_t>(address.size()));
    append(view(address));
  }
  append(checksum(body));

  std::string out{prefix};
  out.push_back(version_digit);
  out += "-" + base32::in_groups(base32::encode(body));
  wipe(body);
  return out;
}

Result<Invite> decode_invite(std::string_view text) {
  if (text.size() > invite_text_bytes_max) return Error{Errc::over_limit, "invite"};
  std::string code = base32::without_separators(text);
  for (char& c : code) c = base32::as_meant(c);

  const std::string_view meant_prefix = "K1Z";  // what "KIZ" becomes above
  if (!code.starts_with(meant_prefix) || code.size() < 4) return Error{Errc::invalid_input, "not an invite"};
  if (code[3] != version_digit) {
    const bool later = code[3] > version_digit && code[3] <= '9';
    return later ? Error{Errc::unknown_version, "invite"} : Error{Errc::invalid_input, "not an invite"};
  }
  auto bytes = base32::decode(std::string_view{code}.substr(4));
  if (!bytes || bytes->size() < checksum_bytes) return Error{Errc::invite_altered, "invite"};
  const ByteView body = ByteView{*bytes}.first(bytes->size() - checksum_bytes);
  if (!equal_in_constant_time(checksum(body), ByteView{*bytes}.last(checksum_bytes))) {
    return Error{Errc::invite_altered, "invite"};
  }
  auto invite = decode_body(body);
  wipe(*bytes);
  return invite;
}

CheckNumber CheckNumber::from_random(const Secret<8>& random) {
  std::uint64_t number = 0;
  for (const std::uint8_t b : random.view()) number = number << 8 | b;
  CheckNumber out;
  out.digits_.assign(check_digits, '0');
  for (std::size_t i = check_digits; i-- > 0; number /= 10) out.digits_[i] = static_cast<char>('0' + number % 10);
  return out;
}

Result<CheckNumber> CheckNumber::parse(std::string_view text) {
  const Error wrong{Errc::invalid_input, "check number"};
  if (text.size() > 100) return wrong;
  CheckNumber out;
  out.digits_ = base32::without_separators(text);
  if (out.digits_.size() != check_digits) return wrong;
  for (const char c : out.digits_) {
    if (c < '0' || c > '9') return wrong;
  }
  return out;
}

std::string CheckNumber::text() const { return digits_.substr(0, 4) + " " + digits_.substr(4); }

SecretKey32 invite_psk(const Invite& invite, const CheckNumber& check) {
  constexpr unsigned long long passes = 2;
  constexpr std::size_t memory_bytes = 64u << 20;
  const auto salt = derive_secret("kiz-sync invite salt v1", {invite.secret.view(), invite.realm, invite.kreis_static});
  SecretKey32 stretched;
  const int failed = crypto_pwhash(stretched.writable().data(), SecretKey32::size_bytes, check.digits().data(),
                                   check.digits().size(), salt.view().data(), passes, memory_bytes,
                                   crypto_pwhash_ALG_ARGON2ID13);
  if (failed != 0) throw std::bad_alloc{};  // the only way it fails
  return derive_secret("kiz-sync invite psk v1",
                       {stretched.view(), invite.secret.view(), invite.realm, invite.kreis_static});
}

}  // namespace kiz
