#include "protocol/enrolment_code.h"

#include <doctest/doctest.h>

#include <set>

#include "protocol/noise_suite.h"
#include "tests/support/noise_pair.h"

using namespace kiz;
using test::key_of;

namespace {

Invite sample() {
  Invite invite{{}, noise::public_key(key_of(3)), Secret<16>{Bytes(16, 0x5a)}, {"sync.kreis.example:7420"}, 1'800'000'000'000};
  invite.realm.bytes.fill(0xc3);
  return invite;
}

bool same(const Invite& a, const Invite& b) {
  return a.realm == b.realm && a.kreis_static == b.kreis_static && a.secret == b.secret && a.addresses == b.addresses &&
         a.expires_ms == b.expires_ms;
}

Errc error_of(std::string_view text) {
  const auto invite = decode_invite(text);
  return invite ? Errc::ok : invite.error().code;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

char meant(char c) { return c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c; }

}  // namespace

TEST_CASE("invite: is read as it was written") {
  const std::string text = *encode_invite(sample());
  CHECK(text.starts_with("KIZ1-"));
  CHECK(text.size() < 250);
  CHECK(text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZIK-") == std::string::npos);
  CHECK(same(*decode_invite(text), sample()));

  Invite many = sample();
  many.addresses = {"10.1.2.3:1", "[2001:db8::1]:65535", "kreis:7420", "a-b.example:80"};
  CHECK(same(*decode_invite(*encode_invite(many)), many));
}

TEST_CASE("invite: the text is this one") {
  CHECK(*encode_invite(sample()) == 
        "KIZ1-RF1W7-GY3RF-1W7GY-3RF1W-7GY3R-F1W7G-Y3RF1-W7GY3-RF1W7-GY3RF-1NVZP-X7DNX-8ZVFM-A7E2Q-CPKND-V"
        "1TJK-EX6MH-2YTZ7-FHRVG-14JSY-Y8JTB-9D5MP-JTB9D-5MPJT-B9D5M-PJT06-HHGQ2-G000H-EWVSD-SHJWT-VJCNM-Q"
        "6BK5-F1GPT-W3CCM-X3ED1-J62AY-H7KF2-8");
}

TEST_CASE("invite: people and mail programs may change its look") {
  const std::string text = *encode_invite(sample());
  std::string small = text;
  for (char& c : small) c = static_cast<char>(std::tolower(c));
  CHECK(same(*decode_invite(small), sample()));
  CHECK(same(*decode_invite(replaced(text, "-", "")), sample()));
  CHECK(same(*decode_invite(replaced(text, "-", "-\r\n  ")), sample()));
  CHECK(same(*decode_invite(replaced(text, "-", "\xe2\x80\x93")), sample()));
  CHECK(same(*decode_invite(replaced(text, "-", "\xc2\xa0")), sample()));
  CHECK(same(*decode_invite(replaced(text, "0", "O")), sample()));
  CHECK(same(*decode_invite(replaced(replaced(text, "KIZ1", "K1ZI"), "1", "l")), sample()));
  CHECK(same(*decode_invite("\xef\xbb\xbf  " + text + " \n"), sample()));
}

TEST_CASE("invite: every mistyped character is told") {
  const std::string text = *encode_invite(sample());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '-') continue;
    for (const char c : std::string_view{"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ!?"}) {
      if (meant(c) == meant(text[at])) continue;
      std::string typo = text;
      typo[at] = c;
      const Errc code = error_of(typo);
      if (at >= 5) {
        CHECK(code == Errc::invite_altered);
      } else {
        CHECK((code == Errc::invalid_input || code == Errc::unknown_version));
      }
    }
  }
}

TEST_CASE("invite: exchanged neighbours, left out and doubled characters, and every truncation are told") {
  const std::string text = replaced(*encode_invite(sample()), "-", "");
  for (std::size_t at = 0; at < text.size(); ++at) {
    CHECK(error_of(std::string_view{text}.substr(0, at)) != Errc::ok);
    std::string left_out = text;
    left_out.erase(at, 1);
    CHECK(error_of(left_out) != Errc::ok);
    std::string doubled = text;
    doubled.insert(at, 1, text[at]);
    CHECK(error_of(doubled) != Errc::ok);
    if (at + 1 < text.size() && meant(text[at]) != meant(text[at + 1])) {
      std::string exchanged = text;
      std::swap(exchanged[at], exchanged[at + 1]);
      CHECK(error_of(exchanged) != Errc::ok);
    }
  }
}

TEST_CASE("invite: what is no invite, a newer one or far too long says so") {
  CHECK(error_of("") == Errc::invalid_input);
  CHECK(error_of("Guten Tag") == Errc::invalid_input);
  CHECK(error_of("KIZ") == Errc::invalid_input);
  CHECK(error_of("KIZ2-ABCDE") == Errc::unknown_version);
  CHECK(error_of("KIZ1") == Errc::invite_altered);
  CHECK(error_of("KIZ1-\xff\xfe") == Errc::invite_altered);
  CHECK(error_of(std::string(invite_text_bytes_max + 1, ' ')) == Errc::over_limit);
}

TEST_CASE("invite: only addresses that can be dialled are written") {
  const auto with = [](std::vector<std::string> addresses) {
    Invite invite = sample();
    invite.addresses = std::move(addresses);
    const auto text = encode_invite(invite);
    return text ? Errc::ok : text.error().code;
  };
  CHECK(with({"kreis.example:1"}) == Errc::ok);
  CHECK(with({"[::1]:7420"}) == Errc::ok);
  for (const char* address : {"", "kreis.example", ":7420", "kreis.example:", "kreis.example:0", "kreis.example:65536",
                              "kreis.example:99999999999", "kreis example:1", "kreis.example:12a", "::1:7420", "[]:1",
                              "kreis.example:07420", "kr\xc3\xa9is:1"}) {
    CAPTURE(address);
    CHECK(with({address}) == Errc::invalid_input);
  }
  CHECK(with({}) == Errc::invalid_input);
  CHECK(with({"a:1", "b:1", "c:1", "d:1", "e:1"}) == Errc::invalid_input);
  CHECK(with({std::string(254, 'a') + ":1"}) == Errc::invalid_input);
  CHECK(with({std::string(253, 'a') + ":1"}) == Errc::ok);
  Invite late = sample();
  late.expires_ms = std::uint64_t{1} << 48;
  CHECK_FALSE(encode_invite(late));
}

TEST_CASE("invite: its id names it without its secret") {
  CHECK(sample().id() == sample().id());
  Invite other = sample();
  other.secret = Secret<16>{Bytes(16, 0x5b)};
  CHECK(other.id() != sample().id());
  CHECK(to_hex(sample().id()) != to_hex(sample().secret.view()));
}

TEST_CASE("check number: eight digits, in any dress") {
  const CheckNumber number = *CheckNumber::parse("12345678");
  CHECK(number.text() == "1234 5678");
  CHECK(*CheckNumber::parse(" 1234 5678\n") == number);
  CHECK(*CheckNumber::parse("12-34-56-78") == number);
  CHECK(*CheckNumber::parse("1234\xc2\xa0" "5678") == number);
  CHECK(CheckNumber::parse("00000000")->text() == "0000 0000");
  for (const char* text : {"", "1234567", "123456789", "1234567a", "1234 567O", "12345678.", "+1234567"}) {
    CAPTURE(text);
    CHECK(CheckNumber::parse(text).error().code == Errc::invalid_input);
  }
  CHECK(CheckNumber::from_random(Secret<8>{Bytes(8, 0)}).digits() == "00000000");
  CHECK(CheckNumber::from_random(Secret<8>{from_hex("0000000000bc614e")}).digits() == "12345678");
  CHECK(CheckNumber::from_random(Secret<8>{from_hex("0000000102030405")}).digits() == "28719365");  // 4328719365 mod 10^8
  CHECK(CheckNumber::from_random(Secret<8>{Bytes(8, 0xff)}).digits() == "09551615");  // 2^64 - 1
}

TEST_CASE("invite: the pre-shared key depends on the secret, the check number, the realm and the Kreis key") {
  const CheckNumber check = *CheckNumber::parse("1234 5678");
  std::set<std::string> keys;
  keys.insert(to_hex(invite_psk(sample(), check).view()));
  CHECK(*keys.begin() == "b822a2dc8d7a984fbcab8ea4202f32c92b65fc9deb30fbc627a7e251f9e07432");
  keys.insert(to_hex(invite_psk(sample(), *CheckNumber::parse("1234 5679")).view()));
  Invite other = sample();
  other.secret.writable()[0] ^= 1;
  keys.insert(to_hex(invite_psk(other, check).view()));
  other = sample();
  other.realm.bytes[0] ^= 1;
  keys.insert(to_hex(invite_psk(other, check).view()));
  other = sample();
  other.kreis_static.bytes[0] ^= 1;
  keys.insert(to_hex(invite_psk(other, check).view()));
  CHECK(keys.size() == 5);
}
