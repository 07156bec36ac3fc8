// The outside of a bundle: what is in clear, and the sealed chunks. Rules: SPEC.md §12.1. What lies inside: bundle.h.
//
//   label 8 | suite 1 | kind 1 | recipients 2 | ephemeral key 32 | one slot of 48 for each recipient | chunks
// A chunk is 65,536 bytes of the inside and a tag; only the last one may be shorter, and it alone is sealed as the last.
// So no length stands anywhere that could lie, and a file that was cut or grew at its end does not open. Slots name
// nobody: who finds a bundle learns how many may open it, its size, and nothing else.
//
// Sans-IO, a chunk at a time: memory is bounded whatever the size of the file.
#pragma once

#include <optional>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "protocol/secret.h"

namespace kiz {

/// What a bundle is for. Append only.
enum class BundleKind : std::uint8_t {
  exchange = 1,  // control records, heads, runs
  join = 2,      // the answer of a device to an invite
};

inline constexpr std::size_t bundle_chunk_bytes = 65536;  // of the inside; sealed 16 more
inline constexpr std::size_t bundle_slot_bytes = 48;      // a sealed key of 32
inline constexpr std::size_t bundle_recipients_max = 1024;
inline constexpr std::uint64_t bundle_bytes_max = std::uint64_t{16} << 30;  // read in pieces, so it bounds time alone

/// What anyone can read.
struct BundleOutside {
  std::uint8_t suite = 1;
  BundleKind kind{};
  std::size_t recipients = 0;
  TransportKey ephemeral;
  Hash hash;  // over all of the clear part, slots included

  std::size_t size_bytes() const { return 44 + recipients * bundle_slot_bytes; }
};

inline constexpr std::uint64_t bundle_unpacked_free = 64u << 20;   // what messages may unpack to in all:
inline constexpr std::uint64_t bundle_unpacked_per_byte = 64;      // so much, and so much for each byte of the file

// What stands as context where two refusals share a code.
inline constexpr char bundle_cut_short[] = "bundle ends early";
inline constexpr char bundle_seal_broken[] = "bundle seal";

/// Reads the clear part at the beginning of `in`; nothing yet while more bytes are needed.
/// errors   invalid_input: not a bundle; unknown_version: of a newer program; over_limit: too many recipients, or none
Result<std::optional<BundleOutside>> read_bundle_outside(ByteView in);

/// Fresh random bytes for one bundle and never again.
struct BundleSecrets {
  SecretKey32 ephemeral;
  SecretKey32 file_key;
};

class BundleSealer {
 public:
  /// Appends the clear part to `out`.
  /// errors   over_limit: nobody, or too many; bad_handshake: a recipient's key is no key
  static Result<BundleSealer> begin(BundleKind kind, const std::vector<TransportKey>& recipients, const BundleSecrets& fresh,
                                    Bytes& out);

  /// Appends the chunks that are full by now.
  void add(ByteView inside, Bytes& out);
  /// Appends the last chunk; nothing may be added afterwards.
  void finish(Bytes& out);
  const BundleOutside& outside() const { return outside_; }

 private:
  BundleSealer(SecretKey32 key, BundleOutside outside) : key_(std::move(key)), outside_(outside) {}

  SecretKey32 key_;
  BundleOutside outside_;
  Bytes held_;  // less than a chunk
  std::uint64_t chunk_ = 0;
};

class BundleOpener {
 public:
  /// own   private transport key of this device
  explicit BundleOpener(const SecretKey32& own) : own_(own.clone()) {}

  /// Bytes of the file in order, in pieces of any size; appends what has opened to `inside`.
  /// errors   those of read_bundle_outside; wrong_key: no slot is for this key; bad_signature: a chunk does not open.
  ///          Nothing more may be fed after an error
  Result<void> feed(ByteView in, Bytes& inside);
  /// The file has ended. errors: malformed: it should go on; bad_signature: the end is not what was sealed
  Result<void> finish(Bytes& inside);
  const std::optional<BundleOutside>& outside() const { return outside_; }

 private:
  Result<void> read_outside();

  SecretKey32 own_;
  std::optional<BundleOutside> outside_;
  std::optional<SecretKey32> key_;
  Bytes held_;  // of the clear part; afterwards at most a chunk and what came last
  std::uint64_t chunk_ = 0;
};

}  // namespace kiz
