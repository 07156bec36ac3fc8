#include <zstd.h>

#include "libclient/space_store.h"
#include "protocol/entry_fields.h"
#include "protocol/limits.h"

namespace kiz {
namespace {
constexpr std::uint8_t plain = 0;
constexpr std::uint8_t compressed = 1;
constexpr std::size_t compress_from_bytes = 512;  // below, the frame costs what it saves

struct Contexts {
  ZSTD_CCtx* pack = ZSTD_createCCtx();
  ZSTD_DCtx* unpack = ZSTD_createDCtx();
  ~Contexts() {
    ZSTD_freeCCtx(pack);
    ZSTD_freeDCtx(unpack);
  }
};
Contexts& contexts() {
  static thread_local Contexts held;
  return held;
}
}  // namespace

Bytes pack_body(const EntryBody& body) {
  const Bytes bytes = wire::encode(body);
  if (bytes.size() >= compress_from_bytes) {
    Bytes out(1 + ZSTD_compressBound(bytes.size()));
    const std::size_t n = ZSTD_compressCCtx(contexts().pack, out.data() + 1, out.size() - 1, bytes.data(), bytes.size(), 1);
    if (ZSTD_isError(n) == 0 && n < bytes.size()) {
      out[0] = compressed;
      out.resize(1 + n);
      return out;
    }
  }
  Bytes out;
  out.reserve(1 + bytes.size());
  out.push_back(plain);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

Result<Bytes> unpack_body_bytes(ByteView packed) {
  if (packed.empty()) return Error{Errc::damaged, "entry"};
  const ByteView rest = packed.subspan(1);
  if (packed[0] == plain) return Bytes(rest.begin(), rest.end());
  const unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
  if (packed[0] != compressed || size > limits::entry_bytes_max) return Error{Errc::damaged, "entry"};
  Bytes out(static_cast<std::size_t>(size));
  const std::size_t n = ZSTD_decompressDCtx(contexts().unpack, out.data(), out.size(), rest.data(), rest.size());
  if (ZSTD_isError(n) != 0 || n != out.size()) return Error{Errc::damaged, "entry"};
  return out;
}

Result<EntryBody> unpack_body(ByteView packed) {
  auto bytes = unpack_body_bytes(packed);
  if (!bytes) return bytes.error();
  auto body = wire::decode<EntryBody>(*bytes);
  if (!body) return Error{Errc::damaged, "entry"};
  return body;
}

}  // namespace kiz
