#include "protocol/packing.h"

#include <zstd.h>

#include <memory>
#include <new>

namespace kiz {

namespace {

// Level 1 packs faster than a Gigabit line on one core; the first sync of a realm is bound by the receiver's store anyway.
constexpr int level = 1;

struct Freed {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// One of each per thread, not per channel: a context of a megabyte for each idle peer would be the largest thing in memory.
// Nothing outlives a call in them, so the functions stay pure.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Freed> context = [] {
    std::unique_ptr<ZSTD_CCtx, Freed> fresh{ZSTD_createCCtx()};
    if (!fresh) throw std::bad_alloc{};
    ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_contentSizeFlag, 1);
    ZSTD_CCtx_setParameter(fresh.get(), ZSTD_c_checksumFlag, 0);  // the channel's tag and the signatures cover it
    return fresh;
  }();
  return context.get();
}

ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Freed> context = [] {
    std::unique_ptr<ZSTD_DCtx, Freed> fresh{ZSTD_createDCtx()};
    if (!fresh) throw std::bad_alloc{};
    return fresh;
  }();
  return context.get();
}

// RFC 8878, section 3.1.1.1: magic number, frame header descriptor, then a window descriptor unless the frame is a single
// segment, whose window is its content.
Result<void> check_header(ByteView packed) {
  constexpr std::uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
  if (packed.size() < 6 || !std::equal(std::begin(magic), std::end(magic), packed.begin())) {
    return Error{Errc::malformed, "packed: no frame"};
  }
  const unsigned descriptor = packed[4];
  const bool single_segment = (descriptor & 0x20) != 0;
  const bool dictionary = (descriptor & 0x03) != 0;
  if (dictionary) return Error{Errc::malformed, "packed: dictionary"};
  if (!single_segment) {
    const std::uint64_t base = std::uint64_t{1} << (10 + (packed[5] >> 3));
    const std::uint64_t window = base + base / 8 * (packed[5] & 7);
    if (window > packing_window_bytes_max) return Error{Errc::over_limit, "packed: window"};
  }
  return {};
}

}  // namespace

std::optional<Bytes> pack(ByteView in) {
  if (in.size() <= packing_bytes_min) return std::nullopt;
  // A buffer one byte short of the input makes zstd give up as soon as nothing is gained.
  Bytes out(in.size() - 1);
  const std::size_t size = ZSTD_compress2(compressor(), out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(size) != 0) return std::nullopt;
  out.resize(size);
  return out;
}

Result<Bytes> unpack(ByteView packed, std::size_t bytes_max) {
  if (auto header = check_header(packed); !header) return header.error();
  const unsigned long long claimed = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed == ZSTD_CONTENTSIZE_ERROR) {
    return Error{Errc::malformed, "packed: no content size"};
  }
  if (claimed > bytes_max) return Error{Errc::over_limit, "packed: content"};
  if (claimed <= packed.size()) return Error{Errc::not_canonical, "packed: not smaller"};
  if (ZSTD_findFrameCompressedSize(packed.data(), packed.size()) != packed.size()) {
    return Error{Errc::malformed, "packed: not one frame"};
  }

  Bytes out(static_cast<std::size_t>(claimed));
  const std::size_t size = ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0 || size != out.size()) return Error{Errc::malformed, "packed: content"};
  return out;
}

}  // namespace kiz
