#include "protocol/bundle_seal.h"

#include <algorithm>
#include <string_view>

#include "protocol/crypto.h"
#include "protocol/noise_suite.h"
#include "protocol/pre_shared_key.h"

namespace kiz {
namespace {

constexpr std::string_view label = "KIZBNDL1";
constexpr std::size_t fixed_bytes = 44;  // before the slots
constexpr std::size_t sealed_chunk_bytes = bundle_chunk_bytes + noise::tag_bytes;
constexpr char outside_label[] = "kiz-sync bundle outside v1";
constexpr char slot_label[] = "kiz-sync bundle slot v1";
constexpr char content_label[] = "kiz-sync bundle content v1";

static_assert(bundle_slot_bytes == noise::key_bytes + noise::tag_bytes);

// The result of X25519 alone is no key: it does not say whose keys met.
Result<SecretKey32> slot_key(const SecretKey32& own, const TransportKey& other, const TransportKey& ephemeral,
                             const TransportKey& recipient) {
  auto shared = noise::agree(own, other);
  if (!shared) return shared.error();
  return derive_secret(slot_label, {shared->view(), ephemeral, recipient});
}

// The clear part goes into the key: bytes of it that were changed make every chunk fail.
SecretKey32 content_key(const SecretKey32& file_key, const Hash& outside) {
  return derive_secret(content_label, {file_key.view(), outside});
}

constexpr std::uint8_t not_last[] = {0}, is_last[] = {1};

}  // namespace

Result<std::optional<BundleOutside>> read_bundle_outside(ByteView in) {
  const std::size_t compared = std::min(in.size(), label.size());
  if (!std::equal(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(compared), view(label).begin())) {
    return Error{Errc::invalid_input, "bundle"};
  }
  if (in.size() < fixed_bytes) return std::optional<BundleOutside>{};
  BundleOutside out;
  out.suite = in[8];
  if (out.suite != 1 || in[9] < 1 || in[9] > 2) return Error{Errc::unknown_version, "bundle"};
  out.kind = static_cast<BundleKind>(in[9]);
  out.recipients = static_cast<std::size_t>(in[10] << 8 | in[11]);
  if (out.recipients == 0 || out.recipients > bundle_recipients_max) return Error{Errc::over_limit, "bundle"};
  if (in.size() < out.size_bytes()) return std::optional<BundleOutside>{};
  out.ephemeral = TransportKey::from(in.subspan(12, TransportKey::size_bytes));
  out.hash = crypto::hash(outside_label, in.first(out.size_bytes()));
  return std::optional{out};
}

// ---- sealing

Result<BundleSealer> BundleSealer::begin(BundleKind kind, const std::vector<TransportKey>& recipients, const BundleSecrets& fresh,
                                         Bytes& out) {
  if (recipients.empty() || recipients.size() > bundle_recipients_max) return Error{Errc::over_limit, "recipients"};
  const TransportKey ephemeral = noise::public_key(fresh.ephemeral);
  Bytes clear(view(label).begin(), view(label).end());
  clear.push_back(1);
  clear.push_back(static_cast<std::uint8_t>(kind));
  clear.push_back(static_cast<std::uint8_t>(recipients.size() >> 8));
  clear.push_back(static_cast<std::uint8_t>(recipients.size()));
  clear.insert(clear.end(), ephemeral.bytes.begin(), ephemeral.bytes.end());
  for (const TransportKey& recipient : recipients) {
    auto key = slot_key(fresh.ephemeral, recipient, ephemeral, recipient);
    if (!key) return key.error();
    noise::seal(*key, 0, {}, fresh.file_key.view(), clear);
  }
  auto outside = read_bundle_outside(clear);
  KIZ_ASSERT(outside && *outside);
  out.insert(out.end(), clear.begin(), clear.end());
  return BundleSealer{content_key(fresh.file_key, (*outside)->hash), **outside};
}

void BundleSealer::add(ByteView inside, Bytes& out) {
  while (!inside.empty()) {
    // A full chunk waits for the byte behind it: until then it may be the last.
    if (held_.size() == bundle_chunk_bytes) {
      noise::seal(key_, chunk_++, not_last, held_, out);
      held_.clear();
    }
    const std::size_t n = std::min(inside.size(), bundle_chunk_bytes - held_.size());
    held_.insert(held_.end(), inside.begin(), inside.begin() + static_cast<std::ptrdiff_t>(n));
    inside = inside.subspan(n);
  }
}

void BundleSealer::finish(Bytes& out) {
  noise::seal(key_, chunk_, is_last, held_, out);
  held_.clear();
}

// ---- opening

Result<void> BundleOpener::read_outside() {
  auto outside = read_bundle_outside(held_);
  if (!outside) return outside.error();
  if (!*outside) return {};
  outside_ = **outside;
  auto key = slot_key(own_, outside_->ephemeral, outside_->ephemeral, noise::public_key(own_));
  if (!key) return Error{Errc::bad_signature, bundle_seal_broken};
  for (std::size_t slot = 0; slot < outside_->recipients && !key_; ++slot) {
    Bytes file_key;
    const ByteView sealed = ByteView{held_}.subspan(fixed_bytes + slot * bundle_slot_bytes, bundle_slot_bytes);
    if (!noise::open(*key, 0, {}, sealed, file_key)) continue;
    key_ = content_key(SecretKey32{file_key}, outside_->hash);
    wipe(file_key);
  }
  if (!key_) return Error{Errc::wrong_key, "bundle"};
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(outside_->size_bytes()));
  return {};
}

Result<void> BundleOpener::feed(ByteView in, Bytes& inside) {
  while (!in.empty()) {
    const std::size_t n = std::min(in.size(), sealed_chunk_bytes);
    held_.insert(held_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n));
    in = in.subspan(n);
    if (!outside_) {
      if (auto read = read_outside(); !read) return read;
    }
    if (!key_) continue;
    // A chunk with something behind it is not the last.
    std::size_t done = 0;
    for (; held_.size() - done > sealed_chunk_bytes; done += sealed_chunk_bytes) {
      if (!noise::open(*key_, chunk_, not_last, ByteView{held_}.subspan(done, sealed_chunk_bytes), inside)) {
        return Error{Errc::bad_signature, bundle_seal_broken};
      }
      ++chunk_;
    }
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(done));
  }
  return {};
}

Result<void> BundleOpener::finish(Bytes& inside) {
  if (!key_) return Error{Errc::malformed, bundle_cut_short};
  if (noise::open(*key_, chunk_, is_last, held_, inside)) {
    // The writer never leaves the last chunk empty behind a full one.
    if (chunk_ > 0 && held_.size() == noise::tag_bytes) return Error{Errc::not_canonical, "bundle"};
    return {};
  }
  Bytes unused;
  const bool goes_on = held_.size() < noise::tag_bytes || noise::open(*key_, chunk_, not_last, held_, unused);
  return goes_on ? Error{Errc::malformed, bundle_cut_short} : Error{Errc::bad_signature, bundle_seal_broken};
}

}  // namespace kiz
