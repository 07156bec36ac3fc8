#include "protocol/secure_link.h"

namespace kiz {

namespace {

// Payloads of the handshake are empty, so each message has one length: keys of 32 bytes, tags of 16.
constexpr std::size_t first_bytes = 32 + 16;           // e, es
constexpr std::size_t second_bytes = 32 + 16;          // e, ee
constexpr std::size_t third_bytes = 32 + 16 + 16;      // s, se, psk

const noise::Protocol& protocol() {
  static const noise::Protocol shipped = *noise::parse_protocol(noise::shipped_protocol);
  return shipped;
}

void drop_front(Bytes& bytes, std::size_t count) {
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

Result<SecureLink> SecureLink::initiate(const Preface& preface, LinkKeys keys, const TransportKey& remote_static,
                                        SecretKey32 psk, RekeyAfter rekey_after) {
  SecureLink out{noise::Role::initiator, rekey_after};
  out.versions_ = preface.versions;
  out.preface_ = preface;
  out.remote_static_ = remote_static;
  out.may_be_refused_ = true;
  out.output_ = encode_preface(preface, remote_static, noise::public_key(keys.own_ephemeral));

  noise::HandshakeKeys handshake_keys{std::move(keys.own_static), std::move(keys.own_ephemeral), remote_static, {}};
  handshake_keys.psks.push_back(std::move(psk));
  auto handshake = noise::Handshake::start(protocol(), noise::Role::initiator, out.output_, std::move(handshake_keys));
  if (!handshake) return handshake.error();
  out.handshake_ = *std::move(handshake);
  if (auto written = out.write_handshake_message(); !written) return written.error();
  return out;
}

SecureLink SecureLink::respond(const VersionRange& versions, const RealmHint& realm, LinkKeys keys, RekeyAfter rekey_after) {
  SecureLink out{noise::Role::responder, rekey_after};
  out.versions_ = versions;
  out.realm_ = realm;
  out.keys_ = std::move(keys);
  return out;
}

Bytes SecureLink::take_output() {
  if (state_ == LinkState::established) channel_->flush(output_);
  return std::exchange(output_, {});
}

const Error& SecureLink::error() const {
  KIZ_ASSERT(error_);
  return *error_;
}

const Cookie& SecureLink::cookie() const {
  KIZ_ASSERT(cookie_);
  return *cookie_;
}

const TransportKey& SecureLink::remote_static() const {
  KIZ_ASSERT(remote_static_);
  return *remote_static_;
}

const TransportKey& SecureLink::remote_ephemeral() const {
  KIZ_ASSERT(remote_ephemeral_);
  return *remote_ephemeral_;
}

const noise::HashValue& SecureLink::handshake_hash() const {
  KIZ_ASSERT(channel_);
  return handshake_hash_;
}

Result<void> SecureLink::feed(ByteView in) {
  if (state_ == LinkState::failed) return *error_;
  if (state_ == LinkState::established && !may_be_refused_) {
    if (auto fed = channel_->feed(in); !fed) return fail(fed.error());
    return {};
  }
  if (in.size() > channel_backlog_bytes_max - input_.size()) return fail({Errc::over_limit, "input before the handshake's end"});
  input_.insert(input_.end(), in.begin(), in.end());
  return advance();
}

// Reads what has arrived, step by step, until something is missing or somebody else must act.
Result<void> SecureLink::advance() {
  while (state_ == LinkState::handshaking) {
    auto step = !handshake_ ? read_preface() : read_handshake_message();
    if (!step) return step.error();
    if (!*step) return {};
  }
  if (state_ != LinkState::established || input_.empty()) return {};
  // Only the first thing that a responder sends may be a refusal; a frame never starts with two zeros.
  if (may_be_refused_) {
    if (input_.size() < 2) return {};
    auto refusal = read_refusal();
    if (!refusal) return refusal.error();
    if (!*refusal) return {};
    may_be_refused_ = false;
  }
  if (auto fed = channel_->feed(input_); !fed) return fail(fed.error());
  input_.clear();
  return {};
}

// Responder. Before all of this is right nothing is computed with keys; the dearest step is one hash.
Result<bool> SecureLink::read_preface() {
  if (!may_be_preface(input_)) return fail({Errc::malformed, "preface"});
  if (input_.size() < preface_bytes) return false;
  const ByteView bytes = ByteView{input_}.first(preface_bytes);
  auto preface = decode_preface(bytes);
  if (!preface) return preface.error().code == Errc::version_refused ? refused(preface.error()) : fail(preface.error());
  if (input_.size() < preface_bytes + 2) return false;
  const std::size_t size = std::size_t{input_[preface_bytes]} << 8 | input_[preface_bytes + 1];
  if (size != first_bytes) return fail({Errc::bad_handshake, "length"});
  if (input_.size() < preface_bytes + 2 + first_bytes) return false;
  const auto ephemeral = TransportKey::from(ByteView{input_}.subspan(preface_bytes + 2, TransportKey::size_bytes));
  if (!keys_->own_public) keys_->own_public = noise::public_key(keys_->own_static);
  if (!has_call_tag(bytes, *keys_->own_public, ephemeral)) return fail({Errc::bad_handshake, "call tag"});
  return open_door(*preface);
}

// Somebody who knows our key; it may still be a recording.
Result<bool> SecureLink::open_door(const Preface& preface) {
  preface_ = preface;
  auto version = common_version(versions_, preface.versions);
  if (!version) return refused(version.error());
  if (preface.realm != realm_) return refused({Errc::foreign_realm, "preface"});
  if (demanded_ && preface.cookie != *demanded_) {
    if (challenge_sent_) return fail({Errc::bad_handshake, "cookie"});
    challenge_sent_ = true;
    drop_front(input_, preface_bytes + 2 + first_bytes);
    const Bytes challenge = encode_challenge(*demanded_);
    output_.insert(output_.end(), challenge.begin(), challenge.end());
    return true;
  }
  version_ = *version;
  noise::HandshakeKeys keys{std::move(keys_->own_static), std::move(keys_->own_ephemeral), std::nullopt, {}};
  keys_.reset();
  const ByteView bytes = ByteView{input_}.first(preface_bytes);
  auto handshake = noise::Handshake::start(protocol(), noise::Role::responder, bytes, std::move(keys));
  KIZ_ASSERT(handshake);  // all keys that the pattern asks for are there
  handshake_ = *std::move(handshake);
  drop_front(input_, preface_bytes);
  return true;
}

Result<bool> SecureLink::read_handshake_message() {
  if (input_.size() < 2) return false;
  const bool responder = role_ == noise::Role::responder;
  if (!responder) {
    auto refusal = read_refusal();
    if (!refusal) return refusal.error();
    if (!*refusal) return false;
  }
  const std::size_t expected = !responder ? second_bytes : messages_read_ == 0 ? first_bytes : third_bytes;
  const std::size_t size = std::size_t{input_[0]} << 8 | input_[1];
  if (size != expected) return fail({Errc::bad_handshake, "length"});
  if (input_.size() < 2 + size) return false;

  auto read = handshake_->read(ByteView{input_}.subspan(2, size));
  drop_front(input_, 2 + size);
  if (!read) return fail(read.error());
  ++messages_read_;
  if (handshake_->needs_psk()) {
    remote_static_ = handshake_->remote_static();
    remote_ephemeral_ = handshake_->remote_ephemeral();
    state_ = LinkState::needs_psk;
    return false;
  }
  if (auto written = write_handshake_message(); !written) return fail(written.error());
  if (handshake_->finished()) establish();
  return true;
}

// Initiator: fails with the peer's reason if a refusal is there; true once it is sure that none is.
Result<bool> SecureLink::read_refusal() {
  if (input_[0] != 0 || input_[1] != 0) return true;
  if (input_.size() < refusal_bytes) return false;
  if (is_challenge(input_)) {
    // Once, instead of message 2. Whoever stands between could make us begin again and again.
    if (messages_read_ > 0 || !preface_->cookie.is_zero()) return fail({Errc::bad_handshake, "challenge"});
    if (input_.size() < challenge_bytes) return false;
    const auto cookie = decode_challenge(ByteView{input_}.first(challenge_bytes));
    KIZ_ASSERT(cookie);
    cookie_ = *cookie;
    state_ = LinkState::challenged;
    return false;
  }
  const auto refusal = decode_refusal(ByteView{input_}.first(refusal_bytes));
  KIZ_ASSERT(refusal);
  return fail({refusal->code, "refused by the other side"});
}

Result<void> SecureLink::write_handshake_message() {
  auto message = handshake_->write({});
  if (!message) return message.error();
  output_.push_back(static_cast<std::uint8_t>(message->size() >> 8));
  output_.push_back(static_cast<std::uint8_t>(message->size()));
  output_.insert(output_.end(), message->begin(), message->end());
  return {};
}

void SecureLink::establish() {
  noise::Transport transport = std::move(*handshake_).split();
  handshake_.reset();
  handshake_hash_ = transport.handshake_hash;
  channel_.emplace(*std::move(transport.send), *std::move(transport.receive), rekey_after_);
  state_ = LinkState::established;
}

Result<std::size_t> SecureLink::offer_psks(std::span<const SecretKey32> candidates) {
  if (state_ != LinkState::needs_psk) return Error{Errc::unexpected_message, "pre-shared keys"};
  auto fitting = handshake_->offer_psks(candidates);
  if (!fitting) return fitting.error();
  establish();
  if (auto advanced = advance(); !advanced) return advanced.error();
  return fitting->index;
}

void SecureLink::refuse(Errc code) {
  const bool open = state_ == LinkState::handshaking || state_ == LinkState::needs_psk;
  KIZ_ASSERT(role_ == noise::Role::responder && open);
  refused({code, "refused by this side"});
}

Result<void> SecureLink::send(std::uint32_t kind, ByteView body) {
  KIZ_ASSERT(state_ == LinkState::established);
  return channel_->send(kind, body);
}

Result<std::optional<ReceivedMessage>> SecureLink::next() {
  if (state_ == LinkState::failed) return *error_;
  KIZ_ASSERT(state_ == LinkState::established);
  auto message = channel_->next();
  if (!message) return fail(message.error());
  return message;
}

Error SecureLink::fail(Error error) {
  state_ = LinkState::failed;
  error_ = error;
  keys_.reset();
  handshake_.reset();
  channel_.reset();
  input_ = {};
  return error;
}

Error SecureLink::refused(Error error) {
  const Bytes refusal = encode_refusal({error.code, versions_});
  output_.insert(output_.end(), refusal.begin(), refusal.end());
  return fail(std::move(error));
}

}  // namespace kiz
