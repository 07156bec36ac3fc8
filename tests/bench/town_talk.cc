#include "tests/bench/town_talk.h"

#include <sodium.h>

#include <stdexcept>

#include "protocol/message.h"

namespace kiz::bench {
namespace {
constexpr SteadyTime patience = std::chrono::seconds{30};  // for the handshake, as PeerTalk's
}

TownTalk::TownTalk(LightTown& town, SteadyTime now) : town_(town), link_(call({})), give_up_at_(now + patience) {}

SecureLink TownTalk::call(const Cookie& cookie) {
  const TownKeys& own = town_.keys();
  LinkKeys keys;
  keys.own_static = own.transport.clone();
  keys.own_public = own.open().transport;
  randombytes_buf(keys.own_ephemeral.writable().data(), keys.own_ephemeral.writable().size());
  Preface preface;
  preface.realm = realm_hint(town_.realm());
  preface.cookie = cookie;
  auto link = SecureLink::initiate(preface, std::move(keys), town_.common().node().transport, pair_key(own.open().transport));
  if (!link) throw std::runtime_error{"a town cannot call"};
  return std::move(*link);
}

void TownTalk::feed(ByteView in, SteadyTime now) {
  if (failure_) return;
  if (auto fed = link_.feed(in); !fed) failure_ = fed.error();
  pump(now);
}

Bytes TownTalk::take_output(SteadyTime now) {
  pump(now);
  return link_.take_output();
}

void TownTalk::on_time(SteadyTime now) {
  if (!session_ && now >= give_up_at_) failure_ = Error{Errc::silent_peer, "handshake"};
  if (session_) session_->on_time(now);
  pump(now);
}

std::optional<SteadyTime> TownTalk::next_timeout() const { return session_ ? session_->next_timeout() : give_up_at_; }

void TownTalk::send(const Message& message) {
  if (auto sent = link_.send(static_cast<std::uint32_t>(message.kind), message.body); !sent) failure_ = sent.error();
}

void TownTalk::pump(SteadyTime now) {
  if (link_.state() == LinkState::challenged) link_ = call(link_.cookie());
  if (failure_ || link_.state() != LinkState::established) return;
  if (!session_) {
    session_ = std::make_unique<SyncSession>(town_, Side::initiator, SyncOptions{}, now);
    if (!town_.has_realm_secret) send(encode_message(RealmSecretWanted{}));
  }
  for (bool moved = true; moved && !failure_;) {
    moved = false;
    while (receive(now)) moved = true;
    moved |= take_runs();
    while (const auto event = session_->next_event()) town_.remember(*event);
    while (auto message = session_->next_outgoing(now)) {
      send(*message);
      moved = true;
    }
  }
  if (session_->failure() && !failure_) failure_ = *session_->failure();
}

bool TownTalk::receive(SteadyTime now) {
  auto received = link_.next();
  if (!received) failure_ = received.error();
  if (failure_ || !*received) return false;
  Message message{static_cast<MessageKind>((*received)->kind), std::move((*received)->body)};
  if (message.kind == MessageKind::realm_secret) return town_.has_realm_secret = true;
  if (auto taken = session_->receive(std::move(message), now); !taken && !failure_) failure_ = taken.error();
  if (!session_->take_control().empty()) throw std::runtime_error{"the control log grew while it was measured"};
  return !failure_;
}

bool TownTalk::take_runs() {
  bool moved = false;
  while (const auto run = session_->next_run()) {
    session_->report(run->number, town_.take(run->bytes));
    moved = true;
  }
  return moved;
}

}  // namespace kiz::bench
