#include "protocol/enrolment_session.h"

#include <algorithm>

#include "protocol/limits.h"

namespace kiz {
namespace {

constexpr char request_label[] = "kiz-sync join v1";
constexpr char code_label[] = "kiz-sync confirmation code v1";
constexpr std::uint8_t join_version = 1;
constexpr std::size_t control_bytes_per_message = 256u << 10;
constexpr std::size_t record_overhead_bytes = 64;  // empty records take memory too

// What a request is signed over: this handshake and this device, so that it fits no other.
Bytes signed_part(const Hash& binding, std::string_view device) {
  Bytes out(binding.bytes.begin(), binding.bytes.end());
  const auto name = view(device);
  out.insert(out.end(), name.begin(), name.end());
  return out;
}

Hash binding_of(ByteView handshake_hash) { return crypto::hash(request_label, handshake_hash); }

template <class T>
Result<T> take(const Message& message) {
  if (message.kind != T::kind) return Error{Errc::unexpected_message, "enrolment"};
  return decode_message<T>(message.body);
}

std::optional<Message> pop(std::vector<Message>& queue) {
  if (queue.empty()) return std::nullopt;
  Message out = std::move(queue.front());
  queue.erase(queue.begin());
  return out;
}

}  // namespace

std::string confirmation_code(ByteView handshake_hash) {
  const Hash hash = crypto::hash(code_label, handshake_hash);
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | hash.bytes[i];
  const std::string digits = std::to_string(number % 1'000'000);
  return std::string(6 - digits.size(), '0') + digits;
}

// ---- the device

JoinSession::JoinSession(const crypto::SigningKey& key, std::string device, ByteView handshake_hash, SteadyTime now)
    : deadline_(now + limits::join_answer_max) {
  JoinRequest request;
  request.author = key.author();
  request.signature = key.sign(request_label, signed_part(binding_of(handshake_hash), device));
  request.device = std::move(device);
  outgoing_.push_back(encode_message(request));
}

void JoinSession::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  stage_ = Stage::failed;
}

Result<void> JoinSession::receive(Message message, SteadyTime now) {
  if (failure_) return *failure_;
  const auto failed = [this](Error error) -> Result<void> {
    fail(error);
    return error;
  };
  if (may_be_ignored(message.kind)) return {};
  if (message.kind == MessageKind::join_refused) {
    auto refused = take<JoinRefused>(message);
    return failed(refused ? Error{refused->code, "invite"} : refused.error());
  }
  if (stage_ != Stage::asking && stage_ != Stage::waiting) return failed({Errc::unexpected_message, "enrolment"});
  if (message.kind == MessageKind::join_waiting) {
    if (auto waiting = take<JoinWaiting>(message); !waiting) return failed(waiting.error());
    stage_ = Stage::waiting;
    deadline_ = now + limits::confirmation_max;
    return {};
  }
  if (message.kind == MessageKind::control_records) {
    auto records = take<ControlRecords>(message);
    if (!records) return failed(records.error());
    for (Bytes& record : records->records) {
      control_bytes_ += record.size() + record_overhead_bytes;
      if (control_bytes_ > limits::join_control_bytes_max) return failed({Errc::over_limit, "control log"});
      control_.push_back(std::move(record));
    }
    deadline_ = now + limits::join_answer_max;
    return {};
  }
  auto accepted = take<JoinAccepted>(message);
  if (!accepted) return failed(accepted.error());
  position_ = accepted->control;
  grant_ = JoinGrant{std::move(accepted->member), std::move(control_), accepted->control, SecretKey32{accepted->psk.bytes}};
  wipe(accepted->psk.bytes);
  wipe(message.body);
  stage_ = Stage::granted;
  return {};
}

std::optional<Message> JoinSession::next_outgoing() {
  auto out = pop(outgoing_);
  if (out && out->kind == MessageKind::join_acknowledged) stage_ = Stage::done;
  return out;
}

void JoinSession::on_time(SteadyTime now) {
  const bool waits = stage_ == Stage::asking || stage_ == Stage::waiting;
  if (waits && now >= deadline_) fail({Errc::silent_peer, "enrolment"});
}

std::optional<SteadyTime> JoinSession::next_timeout() const {
  const bool waits = stage_ == Stage::asking || stage_ == Stage::waiting;
  return waits ? std::optional{deadline_} : std::nullopt;
}

bool JoinSession::waits_for_confirmation() const { return stage_ == Stage::waiting; }

std::optional<JoinGrant> JoinSession::take_grant() { return std::exchange(grant_, std::nullopt); }

void JoinSession::stored() {
  KIZ_ASSERT(stage_ == Stage::granted && !grant_);
  outgoing_.push_back(encode_message(JoinAcknowledged{position_}));
  stage_ = Stage::stored;
}

bool JoinSession::finished() const { return stage_ == Stage::done || stage_ == Stage::failed; }
const std::optional<Error>& JoinSession::failure() const { return failure_; }

// ---- the authority

AdmitSession::AdmitSession(ByteView handshake_hash, SteadyTime now)
    : binding_(binding_of(handshake_hash)), deadline_(now + limits::join_answer_max) {}

void AdmitSession::fail(Error error) {
  if (!failure_) failure_ = std::move(error);
  stage_ = Stage::failed;
}

Result<void> AdmitSession::receive(Message message, SteadyTime now) {
  if (failure_) return *failure_;
  const auto failed = [this](Error error) -> Result<void> {
    fail(error);
    return error;
  };
  if (may_be_ignored(message.kind)) return {};
  if (stage_ == Stage::accepted) {
    auto acknowledged = take<JoinAcknowledged>(message);
    if (!acknowledged) return failed(acknowledged.error());
    if (acknowledged->control != position_) return failed({Errc::malformed, "acknowledgement"});
    stage_ = Stage::acknowledged;
    return {};
  }
  if (stage_ != Stage::listening) return failed({Errc::unexpected_message, "enrolment"});
  auto request = take<JoinRequest>(message);
  if (!request) return failed(request.error());
  if (request->version != join_version) return failed({Errc::version_refused, "enrolment"});
  if (!crypto::verify(request->author, request_label, signed_part(binding_, request->device), request->signature)) {
    return failed({Errc::bad_signature, "join request"});
  }
  asked_ = JoinAsked{request->author, std::move(request->device)};
  stage_ = Stage::asked;
  deadline_ = now + limits::join_answer_max;
  return {};
}

std::optional<Message> AdmitSession::next_outgoing() {
  auto out = pop(outgoing_);
  // A refusal is final once it has gone out; until then the connection must stay open for it.
  if (out && out->kind == MessageKind::join_refused) stage_ = Stage::failed;
  return out;
}

void AdmitSession::on_time(SteadyTime now) {
  const bool waits = stage_ == Stage::listening || stage_ == Stage::waiting || stage_ == Stage::accepted;
  if (waits && now >= deadline_) fail({Errc::silent_peer, "enrolment"});
}

std::optional<SteadyTime> AdmitSession::next_timeout() const {
  const bool waits = stage_ == Stage::listening || stage_ == Stage::waiting || stage_ == Stage::accepted;
  return waits ? std::optional{deadline_} : std::nullopt;
}

std::optional<JoinAsked> AdmitSession::take_asked() { return std::exchange(asked_, std::nullopt); }

void AdmitSession::wait_for_confirmation(SteadyTime now) {
  KIZ_ASSERT(stage_ == Stage::asked);
  outgoing_.push_back(encode_message(JoinWaiting{}));
  stage_ = Stage::waiting;
  deadline_ = now + limits::confirmation_max;
}

void AdmitSession::accept(JoinGrant grant, SteadyTime now) {
  KIZ_ASSERT(stage_ == Stage::asked || stage_ == Stage::waiting);
  ControlRecords part;
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (!part.records.empty()) outgoing_.push_back(encode_message(part));
    part.records.clear();
    bytes = 0;
  };
  for (Bytes& record : grant.control) {
    const bool full = bytes + record.size() > control_bytes_per_message ||
                      part.records.size() == limits::control_message_records_max;
    if (full) flush();
    bytes += record.size();
    part.records.push_back(std::move(record));
  }
  flush();
  JoinAccepted accepted;
  accepted.member = std::move(grant.member);
  accepted.control = position_ = grant.position;
  accepted.psk = PairPsk::from(grant.psk.view());
  outgoing_.push_back(encode_message(accepted));
  wipe(accepted.psk.bytes);
  stage_ = Stage::accepted;
  deadline_ = now + limits::join_answer_max;
}

void AdmitSession::refuse(Errc code) {
  if (failure_) return;
  outgoing_.push_back(encode_message(JoinRefused{code}));
  failure_ = Error{code, "invite"};
  stage_ = Stage::refused;
}

bool AdmitSession::acknowledged() const { return stage_ == Stage::acknowledged; }
bool AdmitSession::finished() const { return stage_ == Stage::acknowledged || stage_ == Stage::failed; }
const std::optional<Error>& AdmitSession::failure() const { return failure_; }

}  // namespace kiz
