#include "protocol/cipher_state.h"

namespace kiz::noise {

namespace {
SecretKey32 first_half(const ChainingKey& output) { return SecretKey32{output.view().first(key_bytes)}; }
}  // namespace

CipherState CipherState::clone() const {
  CipherState out{key_.clone()};
  out.nonce_ = nonce_;
  return out;
}

Result<void> CipherState::seal(ByteView associated, ByteView plain, Bytes& out) {
  if (nonce_ == UINT64_MAX) return Error{Errc::over_limit, "message counter"};
  noise::seal(key_, nonce_, associated, plain, out);
  ++nonce_;
  return {};
}

Result<void> CipherState::open(ByteView associated, ByteView sealed, Bytes& out) {
  if (nonce_ == UINT64_MAX) return Error{Errc::over_limit, "message counter"};
  if (!noise::open(key_, nonce_, associated, sealed, out)) return Error{Errc::malformed, "sealed bytes"};
  ++nonce_;
  return {};
}

SymmetricState::SymmetricState(std::string_view protocol_name) {
  if (protocol_name.size() <= hash_bytes) {
    hash_ = HashValue::from(view(protocol_name));  // padded with zeros
  } else {
    hash_ = hash({view(protocol_name)});
  }
  std::copy(hash_.bytes.begin(), hash_.bytes.end(), chaining_key_.writable().begin());
}

SymmetricState SymmetricState::clone() const {
  SymmetricState out;
  out.chaining_key_ = chaining_key_.clone();
  out.hash_ = hash_;
  if (cipher_) out.cipher_ = cipher_->clone();
  return out;
}

void SymmetricState::mix_hash(ByteView data) { hash_ = hash({hash_, data}); }

void SymmetricState::mix_key(ByteView input) {
  ChainingKey next, key;
  hkdf(chaining_key_, input, {&next, &key});
  chaining_key_ = std::move(next);
  cipher_.emplace(first_half(key));
}

void SymmetricState::mix_key_and_hash(ByteView input) {
  ChainingKey next, to_hash, key;
  hkdf(chaining_key_, input, {&next, &to_hash, &key});
  chaining_key_ = std::move(next);
  mix_hash(to_hash.view());
  cipher_.emplace(first_half(key));
}

Result<void> SymmetricState::encrypt_and_hash(ByteView plain, Bytes& out) {
  const std::size_t start = out.size();
  if (cipher_) {
    if (auto sealed = cipher_->seal(hash_, plain, out); !sealed) return sealed;
  } else {
    out.insert(out.end(), plain.begin(), plain.end());
  }
  mix_hash(ByteView{out}.subspan(start));
  return {};
}

Result<void> SymmetricState::decrypt_and_hash(ByteView sealed, Bytes& out) {
  if (cipher_) {
    if (!cipher_->open(hash_, sealed, out)) return Error{Errc::bad_handshake, "sealed part"};
  } else {
    out.insert(out.end(), sealed.begin(), sealed.end());
  }
  mix_hash(sealed);
  return {};
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
  ChainingKey first, second;
  hkdf(chaining_key_, {}, {&first, &second});
  return {CipherState{first_half(first)}, CipherState{first_half(second)}};
}

}  // namespace kiz::noise
