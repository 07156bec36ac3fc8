#include "libclient/memory_dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace kiz {

void forbid_memory_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);  // a pattern that pipes dumps to a program does not look at the limit
}

}  // namespace kiz
