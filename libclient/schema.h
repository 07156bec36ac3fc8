// The tables of a store, and the numbered steps that lead to them from older versions. What each is for: schema.cc.
#pragma once

#include "kiz/result.h"
#include "libclient/sqlite.h"

namespace kiz {

inline constexpr int schema_version = 2;

/// Brings the tables of an open store to `schema_version`, in one transaction.
/// errors: store_too_new (nothing is touched)
Result<void> migrate(Sql& db);

}  // namespace kiz
