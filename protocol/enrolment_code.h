// What a newcomer is given: the invite (by mail, as text or QR) and the check number (by telephone). Rules: SPEC.md §8.
//
// Only both together give the pre-shared key of the first handshake, so a stolen mail does not join. The key is drawn from
// the check number by Argon2id: one who alters the mail, so that the newcomer calls the thief instead of the Kreis, sees a
// sealed message and could otherwise try all 100 million numbers in a minute and join with the right one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/secret.h"

namespace kiz {

inline constexpr std::size_t invite_addresses_max = 4;
inline constexpr std::size_t invite_text_bytes_max = 4096;  // pasted, with blanks and line ends

struct Invite {
  RealmId realm;
  TransportKey kreis_static;
  Secret<16> secret;
  std::vector<std::string> addresses;  // 1 to 4, "host:port" or "[ipv6]:port", in the order to be dialled
  std::uint64_t expires_ms = 0;        // since 1970 UTC, 48 bits; whether it has passed is for the Kreis to say

  /// Names the invite without giving it away.
  InviteId id() const;
};

/// "KIZ1-XXXXX-XXXXX-...": capital letters and digits of Crockford's alphabet, fit for a QR code's alphanumeric mode.
/// errors   invalid_input: an address is not host:port, or none, or too many; expires_ms over 48 bits
Result<std::string> encode_invite(const Invite& invite);

/// Reads an invite as a person pasted it: blanks, line ends and dashes of any sort anywhere, small letters, O for 0, I or L
/// for 1. Whether it is used, expired or voided only the Kreis knows.
/// errors   invalid_input: not an invite at all
///          unknown_version: an invite of a newer program
///          invite_altered: mistyped, cut short or changed on the way
///          over_limit: more than 4096 bytes
Result<Invite> decode_invite(std::string_view text);

/// Eight digits that the Kreis reads out and the newcomer types in.
class CheckNumber {
 public:
  /// random   8 fresh random bytes
  static CheckNumber from_random(const Secret<8>& random);
  /// "1234 5678", with blanks and dashes anywhere or nowhere. errors: invalid_input: not eight digits
  static Result<CheckNumber> parse(std::string_view text);

  /// "1234 5678"
  std::string text() const;
  /// "12345678"
  const std::string& digits() const { return digits_; }

  bool operator==(const CheckNumber&) const = default;

 private:
  std::string digits_;
};

/// The pre-shared key that newcomer and Kreis share. Takes about a tenth of a second and 64 MiB, for good reason: the Kreis
/// computes it when it makes the invite and keeps it, and never while somebody calls.
/// Throws std::bad_alloc if the memory is not there.
SecretKey32 invite_psk(const Invite& invite, const CheckNumber& check);

}  // namespace kiz
