#include "protocol/sync_digest.h"

#include "protocol/crypto.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {
namespace {
constexpr char summary_label[] = "kiz-sync summary v1";
constexpr char heads_label[] = "kiz-sync own heads v1";
}  // namespace

Hash summary_of(const std::vector<SpaceDigest>& spaces) {
  wire::Writer ar;
  ar.varint(spaces.size());
  for (const SpaceDigest& item : spaces) {
    // The realm is left out: both hellos named it.
    auto owner = item.space.owner;
    auto counterpart = item.space.counterpart;
    ar(wire::text(owner, limits::member_id_bytes_max), static_cast<std::uint32_t>(item.space.collection),
       wire::text(counterpart, limits::member_id_bytes_max), item.digest);
  }
  return crypto::hash(summary_label, ar.bytes());
}

ShortDigest heads_digest(const std::vector<Head>& heads) {
  wire::Writer ar;
  ar.varint(heads.size());
  for (Head head : heads) ar(head);
  return shortened(crypto::hash(heads_label, ar.bytes()));
}

ShortDigest shortened(const Hash& hash) { return ShortDigest::from(ByteView{hash}.first(ShortDigest::size_bytes)); }

}  // namespace kiz
