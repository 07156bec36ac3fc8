// The copy of a database that is kept before its tables are changed: store.db.schema-1 lies beside store.db, as it was,
// under the same key. Going back to the older program means putting it in place of store.db; the store then notices that
// it is an older state and begins a new life. Copies go after 30 days, so that what was erased since does not live on.
#pragma once

#include <string>

#include "kiz/result.h"

namespace kiz {

/// "/var/lib/kiz-sync/store.db.schema-1"
std::string copy_path(const std::string& database_path, int version);

/// Copies the database of `version`, whose log was carried over, if `next` is later, reads the copy back, and removes
/// old ones. Nothing happens to a new database (version 0) or to one that is up to date.
/// errors: no_space (with a sentence), io_error; then nothing was changed and the store is not opened
Result<void> keep_copy(const std::string& database_path, int version, int next);

/// The refusal of a store that a later program wrote. `written`: its version, a blank, the program's.
Error too_new(const std::string& database_path, const std::string& written);

}  // namespace kiz
