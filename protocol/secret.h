// Secret bytes: keys in memory that is kept out of swap and core dumps as far as the system allows, and wiped when let go.
//
// Small secrets share locked pages. A page of its own for each (sodium_malloc) costs four mappings: ten thousand peers
// would meet the kernel's limit on mappings before any limit of ours. Locking is best effort: where RLIMIT_MEMLOCK
// forbids it the program still runs, and swap should be encrypted. Wiping never fails.
#pragma once

#include <cstddef>
#include <span>

#include "kiz/assert.h"
#include "kiz/bytes.h"

namespace kiz {

/// Overwrites with zeros in a way that the optimiser keeps.
void wipe(std::span<std::uint8_t> bytes);

/// Takes the same time whatever the contents. Lengths are not secret: unequal ones compare false at once.
bool equal_in_constant_time(ByteView a, ByteView b);

/// Secret bytes of any length. Moves, does not copy; a copy has to be asked for by name.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// Copies `in`. What the caller copied from stays the caller's to wipe.
  explicit SecretBytes(ByteView in);
  static SecretBytes zeros(std::size_t size);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes clone() const { return SecretBytes{view()}; }
  ByteView view() const { return {bytes_, size_}; }
  std::span<std::uint8_t> writable() { return {bytes_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
};

/// Exactly N secret bytes; all zero until written. Only moved-from objects hold nothing, and using one of those is a bug.
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t size_bytes = N;

  Secret() : bytes_(SecretBytes::zeros(N)) {}
  /// `in` has exactly N bytes; it stays the caller's to wipe.
  explicit Secret(ByteView in) : bytes_(in) { KIZ_ASSERT(in.size() == N); }

  Secret clone() const { return Secret{view()}; }
  ByteView view() const {
    KIZ_ASSERT(bytes_.size() == N);
    return bytes_.view();
  }
  std::span<std::uint8_t, N> writable() {
    KIZ_ASSERT(bytes_.size() == N);
    return bytes_.writable().template first<N>();
  }

  /// Constant time.
  friend bool operator==(const Secret& a, const Secret& b) { return equal_in_constant_time(a.view(), b.view()); }

 private:
  SecretBytes bytes_;
};

using SecretKey32 = Secret<32>;

}  // namespace kiz
