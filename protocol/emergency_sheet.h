// The emergency sheet: the realm's root key on paper, and what is made from it. Rules: SPEC.md §8.4.
//
// With it the node of the Kreis is rebuilt (members meet it under the key that they know) and a new epoch of the control
// log is opened. Nothing else holds the root key.
#pragma once

#include <string>
#include <string_view>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/crypto.h"
#include "protocol/secret.h"

namespace kiz {

struct EmergencySheet {
  RealmId realm;
  SecretKey32 root;

  crypto::SigningKey signing() const { return crypto::SigningKey{root.view()}; }
};

/// The code that stands on the sheet, one line.
std::string encode_sheet(const EmergencySheet& sheet);
/// Finds the code in a text: the whole sheet, or the code alone, as people type it.
/// errors: invalid_input (there is no such code, or it has a slip of the pen), unknown_version
Result<EmergencySheet> decode_sheet(std::string_view text);

/// The transport key with which the node of the Kreis meets others.
SecretKey32 kreis_transport(const SecretKey32& root);
/// What the pre-shared keys of the Kreis with its members are made from; the node keeps it, and not the root.
SecretKey32 pair_secret(const SecretKey32& root);
/// The pre-shared key of the Kreis and the device with this transport key.
SecretKey32 pair_psk(const SecretKey32& pair_secret, const TransportKey& device);

}  // namespace kiz
