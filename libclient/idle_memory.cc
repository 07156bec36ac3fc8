#include "libclient/idle_memory.h"

#include <malloc.h>

namespace kiz {

void release_memory(ReplicaCore& core) {
  sqlite3_db_release_memory(core.db().connection());
  ::malloc_trim(0);
}

}  // namespace kiz
