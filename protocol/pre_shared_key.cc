#include "protocol/pre_shared_key.h"

#include <sodium.h>

namespace kiz {

SecretKey32 derive_secret(std::string_view label, std::initializer_list<ByteView> pieces) {
  constexpr std::uint8_t zero = 0;
  SecretKey32 out;
  crypto_generichash_blake2b_state state;
  crypto_generichash_blake2b_init(&state, nullptr, 0, SecretKey32::size_bytes);
  crypto_generichash_blake2b_update(&state, view(label).data(), label.size());
  crypto_generichash_blake2b_update(&state, &zero, 1);
  for (const ByteView piece : pieces) crypto_generichash_blake2b_update(&state, piece.data(), piece.size());
  crypto_generichash_blake2b_final(&state, out.writable().data(), SecretKey32::size_bytes);
  sodium_memzero(&state, sizeof state);
  return out;
}

SecretKey32 member_psk(const SecretKey32& realm_secret, std::uint64_t control_epoch, const TransportKey& a,
                       const TransportKey& b) {
  std::array<std::uint8_t, 8> epoch;
  for (std::size_t i = 0; i < 8; ++i) epoch[i] = static_cast<std::uint8_t>(control_epoch >> (56 - 8 * i));
  return derive_secret("kiz-sync member psk v1", {realm_secret.view(), epoch, std::min(a, b), std::max(a, b)});
}

}  // namespace kiz
