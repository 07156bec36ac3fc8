#include "protocol/handshake.h"

namespace kiz::noise {

namespace {

// What a pattern asks of one side.
struct Needs {
  bool own_static = false;
  bool own_ephemeral = false;
  bool psk_may_stay_open = false;  // this side reads the message of the last psk
};

Needs needs_of(const Pattern& pattern, Role role) {
  const std::size_t own_parity = role == Role::initiator ? 0 : 1;
  Needs needs;
  needs.own_static = role == Role::initiator ? pattern.initiator_static_known : pattern.responder_static_known;
  for (std::size_t i = 0; i < pattern.messages.size(); ++i) {
    const bool own = i % 2 == own_parity;
    for (const Token token : pattern.messages[i]) {
      if (own && token == Token::s) needs.own_static = true;
      if (own && token == Token::e) needs.own_ephemeral = true;
      if (token == Token::psk) needs.psk_may_stay_open = !own;
    }
  }
  return needs;
}

}  // namespace

Handshake::Handshake(const Protocol& protocol, Role role, HandshakeKeys keys)
    : pattern_(protocol.pattern),
      role_(role),
      keys_(std::move(keys)),
      state_{SymmetricState{protocol.name}, {}, {}, 0, 0},
      with_psk_(pattern_.psk_count() > 0) {
  if (keys_.own_static) own_static_public_ = public_key(*keys_.own_static);
  if (keys_.own_ephemeral) own_ephemeral_public_ = public_key(*keys_.own_ephemeral);
}

Result<Handshake> Handshake::start(const Protocol& protocol, Role role, ByteView prologue, HandshakeKeys keys) {
  const Pattern& pattern = protocol.pattern;
  const bool initiator = role == Role::initiator;
  const bool remote_known = initiator ? pattern.responder_static_known : pattern.initiator_static_known;
  const Needs needs = needs_of(pattern, role);
  if (needs.own_static && !keys.own_static) return Error{Errc::invalid_input, "own static key"};
  if (needs.own_ephemeral && !keys.own_ephemeral) return Error{Errc::invalid_input, "own ephemeral key"};
  if (remote_known && !keys.remote_static) return Error{Errc::invalid_input, "remote static key"};
  const std::size_t psks = pattern.psk_count();
  const bool one_open = needs.psk_may_stay_open && keys.psks.size() + 1 == psks;
  if (keys.psks.size() != psks && !one_open) return Error{Errc::invalid_input, "pre-shared keys"};

  Handshake out{protocol, role, std::move(keys)};
  State& state = out.state_;
  state.symmetric.mix_hash(prologue);
  if (remote_known) state.remote_static = out.keys_.remote_static;
  const auto& initiator_static = initiator ? out.own_static_public_ : state.remote_static;
  const auto& responder_static = initiator ? state.remote_static : out.own_static_public_;
  if (pattern.initiator_static_known) state.symmetric.mix_hash(*initiator_static);
  if (pattern.responder_static_known) state.symmetric.mix_hash(*responder_static);
  return out;
}

bool Handshake::our_turn() const {
  const bool initiators = state_.message % 2 == 0;
  return !failed_ && !waiting_ && state_.message < pattern_.messages.size() &&
         initiators == (role_ == Role::initiator);
}

void Handshake::mix_ephemeral(State& state, const TransportKey& key) const {
  state.symmetric.mix_hash(key);
  if (with_psk_) state.symmetric.mix_key(key);
}

// ee, es, se, ss: the first letter is the initiator's key, the second the responder's.
Result<void> Handshake::mix_agreement(State& state, Token token) const {
  const bool initiator = role_ == Role::initiator;
  const bool initiator_ephemeral = token == Token::ee || token == Token::es;
  const bool responder_ephemeral = token == Token::ee || token == Token::se;
  const bool own_ephemeral = initiator ? initiator_ephemeral : responder_ephemeral;
  const bool remote_ephemeral = initiator ? responder_ephemeral : initiator_ephemeral;

  const auto& own = own_ephemeral ? keys_.own_ephemeral : keys_.own_static;
  const auto& remote = remote_ephemeral ? state.remote_ephemeral : state.remote_static;
  KIZ_ASSERT(own && remote);  // a valid pattern never uses a key before it is there
  auto shared = agree(*own, *remote);
  if (!shared) return shared.error();
  state.symmetric.mix_key(shared->view());
  return {};
}

Result<void> Handshake::write_token(Token token, Bytes& out) {
  switch (token) {
    case Token::e:
      out.insert(out.end(), own_ephemeral_public_->bytes.begin(), own_ephemeral_public_->bytes.end());
      mix_ephemeral(state_, *own_ephemeral_public_);
      return {};
    case Token::s: return state_.symmetric.encrypt_and_hash(*own_static_public_, out);
    case Token::psk: state_.symmetric.mix_key_and_hash(keys_.psks.at(state_.psk++).view()); return {};
    default: return mix_agreement(state_, token);
  }
}

Result<Bytes> Handshake::write(ByteView payload) {
  if (!our_turn()) return Error{Errc::unexpected_message, "handshake"};
  Bytes out;
  for (const Token token : pattern_.messages[state_.message]) {
    if (auto written = write_token(token, out); !written) return fail(written.error());
  }
  if (auto sealed = state_.symmetric.encrypt_and_hash(payload, out); !sealed) return fail(sealed.error());
  if (out.size() > message_bytes_max) return fail({Errc::over_limit, "handshake message"});
  ++state_.message;
  return out;
}

Result<void> Handshake::read_token(State& state, Token token, ByteView& in, const SecretKey32* offered) const {
  switch (token) {
    case Token::e: {
      if (in.size() < key_bytes) return Error{Errc::bad_handshake, "cut short"};
      state.remote_ephemeral = TransportKey::from(in.first(key_bytes));
      in = in.subspan(key_bytes);
      mix_ephemeral(state, *state.remote_ephemeral);
      return {};
    }
    case Token::s: {
      const std::size_t size = key_bytes + (state.symmetric.has_key() ? tag_bytes : 0);
      if (in.size() < size) return Error{Errc::bad_handshake, "cut short"};
      Bytes key;
      if (auto opened = state.symmetric.decrypt_and_hash(in.first(size), key); !opened) return opened;
      state.remote_static = TransportKey::from(key);
      in = in.subspan(size);
      return {};
    }
    case Token::psk: {
      const bool open = state.psk == keys_.psks.size();
      KIZ_ASSERT(!open || offered != nullptr);
      state.symmetric.mix_key_and_hash(open ? offered->view() : keys_.psks.at(state.psk).view());
      ++state.psk;
      return {};
    }
    default: return mix_agreement(state, token);
  }
}

Result<Bytes> Handshake::read_rest(State& state, std::size_t first_token, ByteView in, const SecretKey32* offered) const {
  const auto& tokens = pattern_.messages[state.message];
  for (std::size_t i = first_token; i < tokens.size(); ++i) {
    if (auto read = read_token(state, tokens[i], in, offered); !read) return read.error();
  }
  Bytes payload;
  if (auto opened = state.symmetric.decrypt_and_hash(in, payload); !opened) return opened.error();
  ++state.message;
  return payload;
}

Result<std::optional<Bytes>> Handshake::read(ByteView message) {
  const bool over = failed_ || waiting_ || state_.message == pattern_.messages.size();
  if (over || our_turn()) return Error{Errc::unexpected_message, "handshake"};
  if (message.size() > message_bytes_max) return fail({Errc::over_limit, "handshake message"});

  const auto& tokens = pattern_.messages[state_.message];
  std::size_t token = 0;
  for (; token < tokens.size(); ++token) {
    if (tokens[token] == Token::psk && state_.psk == keys_.psks.size()) {
      waiting_ = Waiting{token, Bytes{message.begin(), message.end()}};
      return std::optional<Bytes>{};
    }
    if (auto read = read_token(state_, tokens[token], message, nullptr); !read) return fail(read.error());
  }
  auto payload = read_rest(state_, token, message, nullptr);
  if (!payload) return fail(payload.error());
  return std::optional<Bytes>{*std::move(payload)};
}

Result<Handshake::Fitting> Handshake::offer_psks(std::span<const SecretKey32> candidates) {
  if (!waiting_) return Error{Errc::unexpected_message, "handshake"};
  if (candidates.size() > psk_candidates_max - candidates_tried_) return Error{Errc::over_limit, "pre-shared keys"};
  candidates_tried_ += candidates.size();

  for (std::size_t i = 0; i < candidates.size(); ++i) {
    State attempt = state_.clone();
    auto payload = read_rest(attempt, waiting_->token, waiting_->rest, &candidates[i]);
    if (!payload) continue;
    state_ = std::move(attempt);
    waiting_.reset();
    return Fitting{i, *std::move(payload)};
  }
  return Error{Errc::bad_handshake, "pre-shared key"};
}

Transport Handshake::split() && {
  KIZ_ASSERT(finished());
  auto [first, second] = state_.symmetric.split();
  Transport out{std::nullopt, std::nullopt, state_.symmetric.handshake_hash()};
  auto& of_initiator = role_ == Role::initiator ? out.send : out.receive;
  auto& of_responder = role_ == Role::initiator ? out.receive : out.send;
  of_initiator = std::move(first);
  if (!pattern_.one_way()) of_responder = std::move(second);
  fail({});  // used up: nothing can be read or written any more
  return out;
}

Error Handshake::fail(Error error) {
  failed_ = true;
  keys_ = {};
  state_.symmetric = SymmetricState{{}};  // wipes the chaining key and the key in use
  waiting_.reset();
  return error;
}

}  // namespace kiz::noise
