#include "protocol/secret.h"

#include <sodium.h>

#include <mutex>
#include <new>
#include <utility>

namespace kiz {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t slot_bytes = 64;  // a Noise chaining key, and every 32-byte key

std::uint8_t* new_locked_pages(std::size_t bytes) {
  auto* pages = static_cast<std::uint8_t*>(::operator new(bytes, std::align_val_t{page_bytes}));
  sodium_mlock(pages, bytes);  // also leaves core dumps; refusal is accepted, see the header
  return pages;
}

std::size_t in_whole_pages(std::size_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

// Locked pages cut into slots. Pages are kept for good: unlocking one would unlock the neighbours' secrets with it.
class SlotPool {
 public:
  std::uint8_t* take() {
    const std::lock_guard guard{mutex_};
    if (free_.empty()) {
      // Room for all slots is reserved here, so that give_back never allocates and can run in a destructor.
      slots_ += page_bytes / slot_bytes;
      free_.reserve(slots_);
      std::uint8_t* page = new_locked_pages(page_bytes);
      for (std::size_t at = page_bytes; at > 0; at -= slot_bytes) free_.push_back(page + at - slot_bytes);
    }
    std::uint8_t* slot = free_.back();
    free_.pop_back();
    return slot;
  }

  void give_back(std::uint8_t* slot) noexcept {
    sodium_memzero(slot, slot_bytes);
    const std::lock_guard guard{mutex_};
    free_.push_back(slot);
  }

 private:
  // An allocator is shared by all threads of an embedding program, like malloc; this is the one lock in the core.
  std::mutex mutex_;
  std::vector<std::uint8_t*> free_;
  std::size_t slots_ = 0;
};

SlotPool& pool() {
  // Never destroyed: secrets in static objects may outlive anything that the end of the program takes down.
  static SlotPool& only = *[] {
    KIZ_ASSERT(sodium_init() >= 0);  // every key is born here, so the library picks its fast code before the first use
    return new SlotPool;
  }();
  return only;
}

}  // namespace

void wipe(std::span<std::uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0);
}

SecretBytes SecretBytes::zeros(std::size_t size) {
  SecretBytes out;
  if (size == 0) return out;
  out.bytes_ = size <= slot_bytes ? pool().take() : new_locked_pages(in_whole_pages(size));
  out.size_ = size;
  wipe(out.writable());
  return out;
}

SecretBytes::SecretBytes(ByteView in) : SecretBytes(zeros(in.size())) {
  if (!in.empty()) std::memcpy(bytes_, in.data(), in.size());
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(bytes_, other.bytes_);  // the old secret is wiped with `other`
  std::swap(size_, other.size_);
  SecretBytes gone{std::move(other)};
  return *this;
}

SecretBytes::~SecretBytes() {
  if (bytes_ == nullptr) return;
  if (size_ <= slot_bytes) {
    pool().give_back(bytes_);
  } else {
    sodium_munlock(bytes_, in_whole_pages(size_));  // wipes first
    ::operator delete(bytes_, std::align_val_t{page_bytes});
  }
}

}  // namespace kiz
