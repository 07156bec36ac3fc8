// Digests by which two replicas find out cheaply that they hold the same. Rules: SPEC.md "Digests".
// They find differences between honest replicas; nothing is authenticated by them.
#pragma once

#include <vector>

#include "protocol/message.h"
#include "protocol/sync_source.h"

namespace kiz {

/// Over names and digests of all shared spaces that hold anything; `spaces` ascending.
Hash summary_of(const std::vector<SpaceDigest>& spaces);
/// Over heads in ascending order.
ShortDigest heads_digest(const std::vector<Head>& heads);
/// The first 16 bytes.
ShortDigest shortened(const Hash& hash);

}  // namespace kiz
