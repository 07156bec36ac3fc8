// What stands in a bundle, item by item, as JSON: for `kiz dump FILE`.
// A reader of its own has the same to say: tests/vectors/bundle/read_bundle.py.
#pragma once

#include "libclient/bundle_file.h"
#include "libclient/requests.h"

namespace kiz {

/// own      private transport key of this device: what is sealed for others shows nothing
/// returns  {"outside": {"suite", "kind", "recipients", "ephemeral", "hash"}, "items": [{"part", ...}]}
/// errors   those of BundleReader; over_limit: more items than can be shown
Result<Json> dump_bundle(const SecretKey32& own, BundleInput& file);

}  // namespace kiz
