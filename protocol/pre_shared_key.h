// Where the pre-shared keys of the handshake come from. Rules: SPEC.md §7.5.
//
//   a member and the Kreis     32 random bytes, made at enrolment and sent inside the channel; never changed by use, because
//                              a restored or cloned replica must still be able to talk
//   members among themselves   from the realm secret of the control epoch and both static keys
//   a newcomer and the Kreis   from invite and check number, see enrolment_code.h
#pragma once

#include <initializer_list>
#include <string_view>

#include "kiz/ids.h"
#include "protocol/secret.h"

namespace kiz {

/// BLAKE2b-256 of label, one zero byte, pieces; nothing of it is left in memory but the result.
SecretKey32 derive_secret(std::string_view label, std::initializer_list<ByteView> pieces);

/// The key of two members. Both compute the same, whichever is `a`.
SecretKey32 member_psk(const SecretKey32& realm_secret, std::uint64_t control_epoch, const TransportKey& a,
                       const TransportKey& b);

}  // namespace kiz
