// Both sides of an enrolment, behind a handshake under an invite. The first byte says who is spoken to: 0 the Kreis, 1 the
// newcomer. Then come messages of the other side, and steps of the driver between them.
#include "protocol/enrolment_session.h"

#include "protocol/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"
#include "tests/support/memory_replica.h"

namespace kiz::fuzz {
namespace {

constexpr std::uint8_t newcomer = 9;
const Bytes handshake_hash(64, 7);

const test::TestRealm& realm() {
  static const test::TestRealm* const made = [] {
    auto* out = new test::TestRealm;
    out->grant(test::ahaus, newcomer);
    return out;
  }();
  return *made;
}

JoinGrant grant() {
  JoinGrant out{test::ahaus, {}, realm().control().position(), SecretKey32{Bytes(32, 5)}};
  for (const auto& record : realm().control().records()) out.control.push_back(encode_control_record(record));
  return out;
}

template <class Session>
void pull(Session& session) {
  while (auto message = session.next_outgoing()) expect_own_message(*message);
}

// Nobody is granted anything who did not sign for this handshake, and no invite is used up before it was granted.
void speak_to_kreis(Script& script) {
  SteadyTime now{0};
  AdmitSession kreis{handshake_hash, now};
  bool granted = false;
  std::optional<JoinAsked> asked;
  while (auto step = script.next()) {
    if (step->is_time()) kreis.on_time(now += step->time());
    if (step->is_message() && !kreis.finished()) (void)kreis.receive(step->message(), now);
    if (auto asks = kreis.take_asked()) {
      KIZ_ASSERT(!asked && asks->author == test::device_key(newcomer).author());  // the one key whose signature is in a seed
      asked = asks;
      kreis.wait_for_confirmation(now);
    } else if (asked && !granted && step->is_local() && !kreis.finished()) {
      granted = true;
      kreis.accept(grant(), now);
    }
    pull(kreis);
    KIZ_ASSERT(!kreis.acknowledged() || granted);
  }
}

// What is called granted is whole, and is acknowledged only after it was stored.
void speak_to_newcomer(Script& script) {
  SteadyTime now{0};
  JoinSession device{test::device_key(newcomer), "Büro 1", handshake_hash, now};
  bool stored = false;
  while (auto step = script.next()) {
    if (step->is_time()) device.on_time(now += step->time());
    if (step->is_message() && !device.finished()) (void)device.receive(step->message(), now);
    if (auto granted = device.take_grant()) {
      KIZ_ASSERT(!stored && granted->member.size() <= limits::member_id_bytes_max);
      stored = true;
      device.stored();
    }
    pull(device);
    KIZ_ASSERT(!device.finished() || device.failure() || stored);
  }
}

}  // namespace

int one(ByteView in) {
  if (in.empty()) return 0;
  (void)realm();
  Script script{in.subspan(1)};
  if (in[0] % 2 == 0) {
    speak_to_kreis(script);
  } else {
    speak_to_newcomer(script);
  }
  return 0;
}

std::vector<Bytes> seeds() {
  JoinSession device{test::device_key(newcomer), "Büro 1", handshake_hash, SteadyTime{0}};
  AdmitSession kreis{handshake_hash, SteadyTime{0}};
  Bytes to_kreis{0};
  Bytes to_device{1};
  for (int round = 0; round < 4; ++round) {
    while (auto message = device.next_outgoing()) {
      write_message(*message, to_kreis);
      KIZ_ASSERT(kreis.receive(*message, SteadyTime{0}));
    }
    if (kreis.take_asked()) {
      kreis.wait_for_confirmation(SteadyTime{0});
      while (auto message = kreis.next_outgoing()) {
        write_message(*message, to_device);
        KIZ_ASSERT(device.receive(*message, SteadyTime{0}));
      }
      write_local(to_kreis);
      kreis.accept(grant(), SteadyTime{0});
    }
    while (auto message = kreis.next_outgoing()) {
      write_message(*message, to_device);
      KIZ_ASSERT(device.receive(*message, SteadyTime{0}));
    }
    if (device.take_grant()) device.stored();
  }
  KIZ_ASSERT(kreis.acknowledged());
  Bytes refused{1};
  write_message(encode_message(JoinRefused{Errc::invite_used}), refused);
  Bytes silent{0};
  write_time(40, silent);
  return {to_kreis, to_device, refused, silent};
}

}  // namespace kiz::fuzz
