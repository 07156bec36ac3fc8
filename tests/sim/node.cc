#include "tests/sim/node.h"

#include <algorithm>
#include <array>

#include "tests/support/temp_dir.h"

namespace kiz::sim {
namespace {

// MemoryDisk registers under a name that must be free, and a process runs many worlds.
std::string vfs_name(const std::string& place) {
  static unsigned made = 0;
  return "sim-" + std::to_string(++made) + "-" + place;
}

constexpr std::array<std::string_view, 3> of_this_life{"incarnation", "last_heads", "lock"};

}  // namespace

Node::Node(std::size_t at, const Founding::Place& place, const std::filesystem::path& folder, std::uint64_t seed)
    : number{at},
      name{place.name},
      member{place.member},
      transport{place.transport},
      disk{vfs_name(place.name), seed},
      random{seed ^ 0x72616e646f6d} {
  disk.restore(place.files);
  options.directory = folder;
  options.base_vfs = disk.vfs_name();
  options.rename = disk.page_vfs_options().rename;
  options.cache_kib = 256;  // spills
  options.random = [this](std::span<std::uint8_t> out) { random.fill(out); };
}

Image Node::image(std::int64_t at_ms) const {
  Image out{at_ms, disk.snapshot(), {}};
  for (const auto& file : std::filesystem::directory_iterator{options.directory}) {
    if (file.is_regular_file()) out.folder[file.path().filename()] = test::read_file(file.path());
  }
  return out;
}

void Node::put_back(const Image& image, bool life) {
  forgot = true;
  std::map<std::string, Bytes> files;  // their names begin with the folder, which of a copied machine is another
  for (const auto& [file, bytes] : image.disk) {
    files[(options.directory / std::filesystem::path{file}.filename()).string()] = bytes;
  }
  disk.restore(files);
  empty_folder();
  for (const auto& [file, bytes] : image.folder) {
    if (!life && std::find(of_this_life.begin(), of_this_life.end(), file) != of_this_life.end()) continue;
    const auto path = options.directory / file;
    test::write_file(path, bytes);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
}

void Node::empty_folder() const {
  for (const auto& file : std::filesystem::directory_iterator{options.directory}) std::filesystem::remove_all(file.path());
}

}  // namespace kiz::sim
