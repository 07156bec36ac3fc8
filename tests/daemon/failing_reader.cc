// Preloaded into a kizd by set_aside_test.py: the process fails on what is marked, as a reader with a hole would, when it is
// about to be stored. KIZ_FAIL says how: "abort" ends the process, "throw" leaves as an exception.
#include <dlfcn.h>
#include <sqlite3.h>

#include <cstdlib>
#include <stdexcept>
#include <string_view>

extern "C" int sqlite3_bind_blob64(sqlite3_stmt* statement, int at, const void* data, sqlite3_uint64 size, void (*destroy)(void*)) {
  static const auto real = reinterpret_cast<decltype(&sqlite3_bind_blob64)>(dlsym(RTLD_NEXT, "sqlite3_bind_blob64"));
  static const char* how = std::getenv("KIZ_FAIL");
  const std::string_view bytes{static_cast<const char*>(data), static_cast<std::size_t>(size)};
  if (how != nullptr && bytes.find("UNBEARABLE") != std::string_view::npos) {
    if (std::string_view{how} == "abort") std::abort();
    throw std::runtime_error{"a reader with a hole"};
  }
  return real(statement, at, data, size, destroy);
}
