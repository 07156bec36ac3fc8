// Keys lie in the memory of kiz and kizd. What ends by a fault is not written to a disk, and not handed to a program that
// collects dumps, whatever the shell or the unit that started it allows.
#pragma once

namespace kiz {

/// For the rest of this process. Nothing depends on it: where the system refuses it, all goes on.
void forbid_memory_dumps();

}  // namespace kiz
