// Small files that are either there whole or as they were: key file, keyring, incarnation, last heads.
#pragma once

#include <string>

#include "kiz/bytes.h"
#include "kiz/result.h"

namespace kiz::file {

/// All bytes of a regular file. errors: not_found, over_limit (longer than `bytes_max`), io_error
Result<Bytes> read(const std::string& path, std::size_t bytes_max);

/// Replaces `path` by a file with these bytes that only its owner may read (0600). When this returns the new content is
/// on disk, file and directory synced; after a power cut before that, the old content stands.
/// errors: no_space, io_error
Result<void> replace(const std::string& path, ByteView bytes);

/// rename(2), then fsync of the directory of `to`. errors: no_space, io_error
Result<void> rename_durably(const std::string& from, const std::string& to);

/// Removes the file and syncs its directory; fine if there was none. errors: io_error
Result<void> remove_durably(const std::string& path);

/// Mode 0600. errors: io_error
Result<void> restrict_to_owner(const std::string& path);

/// Refuses a file that others than its owner may read or write, or that is not a regular file.
/// errors: not_found, wrong_key (with a sentence for people as context), io_error
Result<void> check_owner_only(const std::string& path);

}  // namespace kiz::file
