#include "protocol/enrolment_session.h"

#include <doctest/doctest.h>

#include "protocol/limits.h"
#include "tests/support/memory_replica.h"

using namespace kiz;
using namespace kiz::test;

namespace {
const Bytes handshake_hash(64, 7);
constexpr SteadyTime start{0};

struct Enrolment {
  TestRealm realm;
  crypto::SigningKey key = device_key(9);
  JoinSession device{key, "Büro 1", handshake_hash, start};
  AdmitSession kreis{handshake_hash, start};

  /// Everything that both have to say arrives.
  void flow() {
    for (bool moved = true; moved;) {
      moved = false;
      while (auto message = device.next_outgoing()) {
        moved = true;
        if (!kreis.receive(std::move(*message), start)) return;
      }
      while (auto message = kreis.next_outgoing()) {
        moved = true;
        if (!device.receive(std::move(*message), start)) return;
      }
    }
  }

  JoinGrant grant() const {
    JoinGrant out{ahaus, {}, realm.control().position(), SecretKey32{Bytes(32, 5)}};
    for (const auto& record : realm.control().records()) out.control.push_back(encode_control_record(record));
    return out;
  }
};
}  // namespace

TEST_CASE("enrolment session: a device asks, is granted, stores, and only then the invite is used up") {
  Enrolment e;
  e.flow();
  const auto asked = e.kreis.take_asked();
  REQUIRE(asked);
  CHECK(asked->author == e.key.author());
  CHECK(asked->device == "Büro 1");
  CHECK_FALSE(e.kreis.take_asked());

  e.realm.grant(ahaus, 9);
  e.kreis.accept(e.grant(), start);
  e.flow();
  CHECK_FALSE(e.kreis.acknowledged());
  auto granted = e.device.take_grant();
  REQUIRE(granted);
  CHECK(granted->member == ahaus);
  CHECK(granted->position == e.realm.control().position());
  CHECK(granted->psk == SecretKey32{Bytes(32, 5)});
  ControlLog log;
  for (const Bytes& record : granted->control) REQUIRE(log.append(*decode_control_record(record)));
  CHECK(log.position() == granted->position);
  CHECK_FALSE(e.device.finished());

  e.device.stored();
  e.flow();
  CHECK(e.device.finished());
  CHECK(e.kreis.acknowledged());
  CHECK(e.kreis.finished());
  CHECK_FALSE(e.device.failure());
  CHECK_FALSE(e.kreis.failure());
}

TEST_CASE("enrolment session: a large control log comes in several messages") {
  Enrolment e;
  for (int i = 0; i < 1'000; ++i) e.realm.add(RuleSet{"rule", std::string(700, 'x')});
  e.flow();
  e.kreis.accept(e.grant(), start);
  int parts = 0;
  while (auto message = e.kreis.next_outgoing()) {
    parts += message->kind == MessageKind::control_records ? 1 : 0;
    CHECK(message->body.size() <= limits::message_bytes_max);
    REQUIRE(e.device.receive(std::move(*message), start));
  }
  CHECK(parts >= 3);
  REQUIRE(e.device.take_grant()->control.size() == e.realm.control().last_seq());
}

TEST_CASE("enrolment session: a refusal reaches the device with its reason") {
  for (const Errc code : {Errc::invite_used, Errc::invite_expired, Errc::invite_void, Errc::revoked}) {
    Enrolment e;
    e.flow();
    e.kreis.refuse(code);
    CHECK_FALSE(e.kreis.finished());  // the refusal has to go out first
    e.flow();
    CHECK(e.kreis.finished());
    REQUIRE(e.device.failure());
    CHECK(e.device.failure()->code == code);
    CHECK(e.device.finished());
    CHECK_FALSE(e.device.take_grant());
  }
}

TEST_CASE("enrolment session: two persons compare the same six digits first, where the Kreis wants it") {
  Enrolment e;
  e.flow();
  e.kreis.wait_for_confirmation(start);
  e.flow();
  CHECK(e.device.waits_for_confirmation());
  CHECK(e.device.next_timeout() == limits::confirmation_max);
  const std::string code = confirmation_code(handshake_hash);
  CHECK(code.size() == 6);
  CHECK(code.find_first_not_of("0123456789") == std::string::npos);
  CHECK(code != confirmation_code(Bytes(64, 8)));
  CHECK(code == confirmation_code(handshake_hash));

  e.kreis.accept(e.grant(), start);
  e.flow();
  CHECK(e.device.take_grant());
}

TEST_CASE("enrolment session: a request made for another handshake, name or key is refused") {
  Enrolment e;
  const auto answer = [&](const JoinRequest& request) {
    AdmitSession kreis{handshake_hash, start};
    const auto taken = kreis.receive(encode_message(request), start);
    CHECK((taken || !kreis.take_asked()));
    return taken ? Errc::ok : taken.error().code;
  };
  const auto message = e.device.next_outgoing();
  REQUIRE(message);
  const auto request = *decode_message<JoinRequest>(message->body);
  CHECK(answer(request) == Errc::ok);
  JoinRequest changed = request;
  changed.device = "Büro 2";
  CHECK(answer(changed) == Errc::bad_signature);
  changed = request;
  changed.author = device_key(8).author();
  CHECK(answer(changed) == Errc::bad_signature);
  changed = request;
  changed.version = 2;
  CHECK(answer(changed) == Errc::version_refused);
  AdmitSession elsewhere{Bytes(64, 8), start};
  CHECK(elsewhere.receive(*message, start).error().code == Errc::bad_signature);
}

TEST_CASE("enrolment session: what does not belong here ends it, and silence too") {
  Enrolment e;
  CHECK(e.device.receive(encode_message(JoinAcknowledged{}), start).error().code == Errc::unexpected_message);
  CHECK(e.device.finished());

  AdmitSession kreis{handshake_hash, start};
  CHECK(kreis.receive(encode_message(Ping{}), start));
  CHECK(kreis.receive(encode_message(Hello{}), start).error().code == Errc::unexpected_message);
  CHECK(kreis.finished());

  AdmitSession silent{handshake_hash, start};
  CHECK(silent.next_timeout() == limits::join_answer_max);
  silent.on_time(limits::join_answer_max);
  CHECK(silent.failure()->code == Errc::silent_peer);
  JoinSession alone{e.key, "Büro 1", handshake_hash, start};
  alone.on_time(limits::join_answer_max - SteadyTime{1});
  CHECK_FALSE(alone.failure());
  alone.on_time(limits::join_answer_max);
  CHECK(alone.failure()->code == Errc::silent_peer);

  Enrolment wrong;
  wrong.flow();
  wrong.kreis.accept(wrong.grant(), start);
  CHECK(wrong.kreis.receive(encode_message(JoinAcknowledged{}), start).error().code == Errc::malformed);
}

TEST_CASE("enrolment session: a device that is sent empty records without end gives up") {
  Enrolment e;
  const Message empty = encode_message(ControlRecords{std::vector<Bytes>(limits::control_message_records_max)});
  Errc ended = Errc::ok;
  for (int i = 0; i < 1'000 && ended == Errc::ok; ++i) {
    if (auto taken = e.device.receive(empty, start); !taken) ended = taken.error().code;
  }
  CHECK(ended == Errc::over_limit);
}
