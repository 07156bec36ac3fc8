// The source tree that the tests were built from: golden files and helper scripts are read there.
#pragma once

#include <filesystem>

namespace kiz::test {

/// Absolute. A function with a file of its own, so that no other object depends on where the tree lies: a compiler cache
/// then finds them in every checkout.
const std::filesystem::path& source_dir();

}  // namespace kiz::test
