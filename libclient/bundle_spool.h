// Where a bundle rests while it passes between `kiz` and the replica: pieces go through requests, so that the file itself
// is opened by who named it, with that person's rights, and no size costs memory. What rests is sealed already.
#pragma once

#include <memory>
#include <string>

#include "libclient/bundle_file.h"

namespace kiz {

class BundleSpool {
 public:
  /// A new, empty one in this folder; leftovers that are older than an hour go. errors: io_error, no_space; over_limit: too
  /// many are open
  static Result<BundleSpool> create(ReplicaCore& core);
  /// errors: not_found (no such one; an id is 32 hexadecimal digits, and nothing else reaches the file system)
  static Result<BundleSpool> find(const ReplicaCore& core, const std::string& id);

  const std::string& id() const { return id_; }
  /// errors: gap (the offset is not the end), over_limit, io_error, no_space
  Result<std::uint64_t> append(std::uint64_t offset, ByteView piece);
  /// Up to `max` bytes from `offset` on; none: the end. errors: io_error
  Result<Bytes> read(std::uint64_t offset, std::size_t max) const;
  Result<std::unique_ptr<BundleInput>> open() const { return open_bundle_file(path_); }
  void remove();

 private:
  BundleSpool(std::string id, std::string path) : id_(std::move(id)), path_(std::move(path)) {}

  std::string id_;
  std::string path_;
};

}  // namespace kiz
