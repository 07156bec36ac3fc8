#include "libclient/consents.h"

#include <doctest/doctest.h>

#include <map>

#include "protocol/registry.h"
#include "tests/support/records.h"

using namespace kiz;
using namespace kiz::consents;
namespace cf = registry::fields::consent;
namespace sf = registry::fields::consent_subject;
namespace stored = registry::consent_state;

namespace {

const std::string ahaus = "05554004";

Bytes text(std::uint8_t version) { return Bytes(Hash::size_bytes, version); }

Subject subject(std::uint8_t version = 1, std::uint64_t set_at_ms = 0) {
  return *read_subject(test::RecordBuilder(registry::kinds::consent_subject, "05554")
                           .set(sf::title, std::string("Ausgestaltung"))
                           .add(sf::asked, ahaus)
                           .at(set_at_ms)
                           .set(sf::document_digest, text(version)));
}

test::RecordBuilder town(std::int64_t state, std::uint8_t version = 1, std::uint64_t at_ms = 10'000) {
  test::RecordBuilder builder(registry::kinds::consent);
  builder.key(*key_text(ahaus, RecordKey{})).at(at_ms).multi(cf::state, state).multi(cf::document_digest, text(version));
  return builder;
}

Standing standing_of(const test::RecordBuilder& record, const Subject& asked = subject()) {
  const auto consent = read_consent(record);
  return standing(asked, ahaus, &*consent);
}

Standing at(State state) {
  Standing out;
  out.state = state;
  return out;
}

Decision full(Step step) { return {step, "2026-10-01", "Vorlage 17", "Auflage", "2026-11-01", "Grund", 1}; }

}  // namespace

TEST_CASE("consents: who is asked and has written nothing is requested, who is not asked is open") {
  CHECK(standing(subject(), ahaus, nullptr).state == State::requested);
  CHECK(standing(subject(), "05554008", nullptr).state == State::open);
  CHECK(standing(Subject{}, "05554008", nullptr).state == State::requested);
}

TEST_CASE("consents: only what was granted to the present text counts") {
  const Standing granted = standing_of(town(stored::granted));
  CHECK(granted.state == State::granted);
  CHECK(granted.counts());
  CHECK_FALSE(standing_of(town(stored::granted_with_conditions)).counts());
}

TEST_CASE("consents: two states, two texts or two dates side by side are disputed and do not count") {
  auto states = town(stored::granted);
  states.multi(cf::state, std::int64_t{stored::refused});
  CHECK(standing_of(states).state == State::disputed);
  CHECK_FALSE(standing_of(states).counts());
  auto texts = town(stored::granted);
  texts.multi(cf::document_digest, text(2));
  CHECK(standing_of(texts).disputes == std::vector<Dispute>{Dispute::text});
  auto dates = town(stored::granted);
  dates.multi(cf::decided_on, std::string("2026-10-01")).multi(cf::decided_on, std::string("2026-10-02"));
  CHECK(standing_of(dates).disputes == std::vector<Dispute>{Dispute::date});
}

TEST_CASE("consents: a new text supersedes what was decided before it") {
  const Standing now = standing_of(town(stored::granted, 1, 10'000), subject(2, 20'000));
  CHECK(now.state == State::superseded);
  CHECK(now.stored == State::granted);
  CHECK_FALSE(now.counts());
}

TEST_CASE("consents: a decision on a text that is no longer asked about, made without knowing, is disputed") {
  const Standing now = standing_of(town(stored::granted, 1, 30'000), subject(2, 20'000));
  CHECK(now.state == State::disputed);
  CHECK(now.disputes == std::vector<Dispute>{Dispute::other_text});
}

TEST_CASE("consents: a state that has not arrived, or comes from a newer program, is not counted") {
  CHECK(standing_of(town(99)).state == State::disputed);
  test::RecordBuilder lost(registry::kinds::consent);
  lost.key(*key_text(ahaus, RecordKey{})).missing(cf::state);
  CHECK(standing_of(lost).disputes == std::vector<Dispute>{Dispute::not_held});
}

TEST_CASE("consents: the state machine has these edges and no other") {
  const std::map<State, std::vector<Step>> edges{
      {State::requested, {Step::deliberate, Step::grant, Step::grant_with_conditions, Step::refuse}},
      {State::superseded, {Step::deliberate, Step::grant, Step::grant_with_conditions, Step::refuse}},
      {State::deliberating, {Step::grant, Step::grant_with_conditions, Step::refuse}},
      {State::granted, {Step::withdraw}},
      {State::granted_with_conditions, {Step::grant, Step::withdraw}},
      {State::refused, {Step::deliberate}},
      {State::withdrawn, {Step::deliberate}},
      {State::open, {}},
  };
  for (const auto& [state, allowed] : edges) {
    for (const Step step : {Step::deliberate, Step::grant, Step::grant_with_conditions, Step::refuse, Step::withdraw}) {
      CAPTURE(name(state));
      CAPTURE(static_cast<int>(step));
      const bool expected = std::find(allowed.begin(), allowed.end(), step) != allowed.end();
      CHECK(static_cast<bool>(next_state(at(state), full(step))) == expected);
    }
  }
}

TEST_CASE("consents: a disputed consent waits for a person") {
  Standing disputed = at(State::disputed);
  disputed.disputes = {Dispute::state};
  for (const Step step : {Step::deliberate, Step::grant, Step::refuse, Step::withdraw}) {
    CHECK(next_state(disputed, full(step)).error().code == Errc::conflict_open);
  }
}

TEST_CASE("consents: a decision names its date, body and file, a withdrawal its reason, met conditions their date") {
  CHECK(next_state(at(State::requested), {Step::grant}).error().context == "decided_on,decided_by,reference");
  CHECK(next_state(at(State::requested), {Step::grant_with_conditions, "2026-10-01", "V 1", "", "", "", 1}).error().context ==
        "conditions");
  CHECK(next_state(at(State::granted), {Step::withdraw}).error().context == "reason");
  CHECK(next_state(at(State::granted_with_conditions), {Step::grant}).error().context == "conditions_met_on");
  CHECK(*next_state(at(State::granted_with_conditions), full(Step::grant)) == stored::granted);
}

TEST_CASE("consents: the tally counts each member once") {
  const std::vector<Standing> all{at(State::granted), at(State::granted), at(State::disputed), at(State::requested)};
  const Tally sum = tally(all);
  CHECK(sum.asked == 4);
  CHECK(sum[State::granted] == 2);
  CHECK(sum[State::disputed] == 1);
}
