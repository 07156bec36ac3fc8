// The tables of a store, and the numbered steps that lead to them from older versions. What each is for: schema.cc.
#pragma once

#include <span>

#include "kiz/result.h"
#include "libclient/sqlite.h"

namespace kiz {

inline constexpr int schema_version = 3;

/// Brings the tables of an open store to `schema_version`, in one transaction, and notes which program did it.
/// errors: store_too_new (nothing is touched)
Result<void> migrate(Sql& db);

/// The same along other steps: step n leads from version n-1 to n. For tests of the way, not of the tables.
Result<void> migrate_along(Sql& db, std::span<const char* const> steps);

/// The version of the tables that are there; 0: none yet.
int schema_of(Sql& db);

}  // namespace kiz
