// Ctrl-C and SIGTERM end the program at once with 130 and 143. That is safe at any moment: a commit is whole or not at
// all, as after a power cut. What is undone first is the terminal, if echo was off for a passphrase.
#pragma once

#include <termios.h>

namespace kiz::cli {

/// Once, at the start, when the language is known.
void take_interrupts();

/// The state to go back to when a signal comes; nullptr: none. Owned by the caller.
void restore_on_interrupt(const termios* before);

}  // namespace kiz::cli
