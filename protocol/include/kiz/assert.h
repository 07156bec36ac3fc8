// KIZ_ASSERT: on in release too. Stopping loses a minute, a wrong log stays for ever.
#pragma once

namespace kiz {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define KIZ_ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::kiz::assertion_failed(#expression, __FILE__, __LINE__))
