#include "libclient/schema_copy.h"

#include <chrono>
#include <filesystem>

#include "libclient/atomic_file.h"
#include "libclient/backup_file.h"
#include "libclient/schema.h"
#include "libclient/translate.h"
#include "protocol/crypto.h"

namespace kiz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t step_bytes = std::size_t{1} << 20;
constexpr auto kept_for = std::chrono::hours{24 * 30};

Result<Hash> copy_bytes(const backup::File& from, std::uint64_t size, backup::File* to) {
  crypto::Hasher hasher{"kiz-sync copy v1"};
  Bytes bytes;
  for (std::uint64_t at = 0; at < size; at += bytes.size()) {
    if (auto read = from.read(at, static_cast<std::size_t>(std::min<std::uint64_t>(size - at, step_bytes)), bytes); !read) return read.error();
    hasher.add(bytes);
    if (to == nullptr) continue;
    if (auto written = to->write(at, bytes); !written) return written.error();
  }
  return hasher.finish();
}

Result<void> copy_file(const std::string& from_path, const std::string& to_path) {
  auto from = backup::File::read_only(from_path);
  if (!from) return from.error();
  auto to = backup::File::for_writing(to_path);
  if (!to) return to.error();
  const auto size = from->size();
  if (!size) return size.error();
  if (auto cut = to->cut(0); !cut) return cut;
  const auto wanted = copy_bytes(*from, *size, &*to);
  if (!wanted) return wanted.error();
  if (auto synced = to->sync(); !synced) return synced;
  to->forget_cached();
  const auto held = copy_bytes(*to, *size, nullptr);
  if (!held) return held.error();
  if (*held != *wanted) return Error{Errc::io_error, to_path};
  return {};
}

void remove_old(const std::string& database_path) {
  std::error_code failed;
  const std::string stem = fs::path{database_path}.filename().string() + ".schema-";
  for (fs::directory_iterator at{fs::path{database_path}.parent_path(), failed}, end; !failed && at != end; at.increment(failed)) {
    if (!at->path().filename().string().starts_with(stem)) continue;
    const auto written = fs::last_write_time(at->path(), failed);
    std::error_code ignored;
    if (!failed && fs::file_time_type::clock::now() - written > kept_for) fs::remove(at->path(), ignored);
  }
}

}  // namespace

std::string copy_path(const std::string& database_path, int version) { return database_path + ".schema-" + std::to_string(version); }

Result<void> keep_copy(const std::string& database_path, int version, int next) {
  remove_old(database_path);
  if (version == 0 || version >= next) return {};
  std::error_code failed;
  const auto log_bytes = fs::file_size(database_path + "-wal", failed);
  const bool log_is_there = !failed && log_bytes > 0;  // it could not be carried over: the disk is full
  const std::string path = copy_path(database_path, version), fresh = path + ".new";
  auto copied = log_is_there ? Result<void>{Error{Errc::no_space, {}}} : copy_file(database_path, fresh);
  if (copied) return file::rename_durably(fresh, path);
  fs::remove(fresh, failed);
  if (copied.error().code != Errc::no_space) return copied;
  return Error{Errc::no_space, tr("The disk has no room for the copy of the store that is made before its tables are changed. Nothing was changed.")};
}

Error too_new(const std::string& database_path, const std::string& written) {
  const auto blank = written.find(' ');
  const std::string version = written.substr(0, blank), program = blank == std::string::npos ? "" : written.substr(blank + 1);
  std::string out = program.empty()
                        ? tr("The store has version {}, this program knows {}: a newer kiz-sync is needed. Nothing was changed.", {version, std::to_string(schema_version)})
                        : tr("The store has version {}, this program knows {}: kiz-sync {} or newer is needed. Nothing was changed.", {version, std::to_string(schema_version), program});
  std::error_code failed;
  const std::string copy = copy_path(database_path, schema_version);
  if (fs::exists(copy, failed)) out += " " + tr("Its state before the change lies in {}.", {copy});
  return {Errc::store_too_new, out};
}

}  // namespace kiz
