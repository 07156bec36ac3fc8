// Files that a person names: read whole, written whole; and their bytes as base64 for a request.
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/shell.h"
#include "libclient/control_frame.h"
#include "libclient/translate.h"

namespace kiz::cli {

Result<std::string> read_file(const std::filesystem::path& path) {
  const auto whole = [](std::istream& in) { return std::string{std::istreambuf_iterator<char>{in}, {}}; };
  // In base64 and with the rest of the request it must fit one frame.
  constexpr std::size_t bytes_max = control_frame::body_bytes_max / 4 * 3 - 65536;
  std::string bytes;
  if (path == "-") {
    bytes = whole(std::cin);
  } else {
    std::error_code unreadable;
    if (std::filesystem::is_directory(path, unreadable)) {
      return Error{Errc::io_error, tr("{} is a folder, not a file. Nothing was changed.", {path.string()})};
    }
    std::ifstream in{path, std::ios::binary};
    if (!in) return Error{Errc::not_found, tr("The file {} cannot be read. Nothing was changed.", {path.string()})};
    bytes = whole(in);
    if (in.bad()) return Error{Errc::io_error, path.string()};
  }
  if (bytes.size() > bytes_max) {
    return Error{Errc::over_limit, tr("The file {} is larger than 48 MB. Nothing was changed.", {path.string()})};
  }
  return bytes;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path beside = path.string() + ".part";
  std::FILE* file = std::fopen(beside.c_str(), "wb");
  if (file == nullptr) return Error{Errc::io_error, path.string()};
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size() && std::fflush(file) == 0 &&
                       ::fsync(::fileno(file)) == 0;
  const int why = errno;
  const bool closed = std::fclose(file) == 0;
  if (written && closed && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  std::remove(beside.c_str());
  return Error{why == ENOSPC ? Errc::no_space : Errc::io_error, path.string()};
}

std::string digest_of(std::string_view bytes) {
  Hash digest;
  crypto_generichash(digest.bytes.data(), digest.bytes.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  return to_hex(digest);
}

Json split_at_commas(const Json& words) {
  Json parts = Json::array();
  for (const Json& word : words) {
    const std::string list = word.get<std::string>();
    for (std::size_t from = 0; from <= list.size();) {
      const std::size_t to = std::min(list.find(',', from), list.size());
      if (to > from) parts.push_back(list.substr(from, to - from));
      from = to + 1;
    }
  }
  return parts;
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the end mark of C
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &length, nullptr, sodium_base64_VARIANT_ORIGINAL) != 0) {
    return Error{Errc::malformed, "base64"};
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace kiz::cli
