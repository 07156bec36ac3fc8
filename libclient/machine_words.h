// Why the machine refused a call on a file, in the words of the reader: strerror() knows no other language than the locale's.
#pragma once

#include <string>

namespace kiz {

/// `error`: an errno. What has no words of its own is named by its number.
std::string machine_words(int error);

}  // namespace kiz
