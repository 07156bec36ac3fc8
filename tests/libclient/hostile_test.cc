// Members that sign what they may not: with real keys, runs whose chains and signatures hold.
#include <doctest/doctest.h>

#include "libclient/keyring.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"
#include "tests/support/one_offer.h"
#include "tests/support/realm.h"

using namespace kiz;
using namespace kiz::test;

namespace {

/// One entry on that offer, in whatever space and whoever's name; `key` signs.
Bytes signed_run(const Replica& replica, const Space& space, const AuthorKey& author, const crypto::SigningKey& key, std::string title) {
  Run run;
  run.genesis = Genesis{space, author, {}, {}, LogReason::first};
  run.log = log_id(*run.genesis);
  run.first_seq = 1;
  run.before = EntryHash::from(run.log);
  EntryBody body;
  body.hlc = Timestamp::of(replica.now_ms());
  body.control = replica.control().position();
  body.salt = Salt::from(Bytes(32, 8));
  body.ops = {{one_offer, registry::fields::offer::title, Mode::replace, {}, {}, Value{std::move(title)}}};
  run.entries = {body};
  run.signature = key.sign(run_label, entry_hash(header_of(body, run.log, 1, run.before)));
  return encode_run(run);
}

Errc offered(Replica& to, Bytes run) {
  const std::vector<IncomingRun> runs{{1, std::move(run)}};
  const auto reports = to.core().ingest(runs);
  REQUIRE(reports);
  return reports->front().refused;
}

}  // namespace

TEST_CASE("hostile: what a town signs for another town's space has no effect anywhere, and everything else goes on") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  auto bocholt = realm.join("05554008");
  write_offer(*ahaus, "Ahaus's own");
  realm.sync(*ahaus);
  realm.sync(*bocholt);
  const Hash before = realm.kreis().state_hash();
  const crypto::SigningKey& key = bocholt->core().files().signing();
  for (const Collection collection : {Collection::offers, Collection::counts, Collection::consents}) {
    const Bytes run = signed_run(*bocholt, bocholt->space("05554004", collection), key.author(), key, "by Bocholt");
    for (Replica* replica : {&realm.kreis(), ahaus.get(), bocholt.get()}) CHECK(offered(*replica, run) != Errc::ok);
  }
  CHECK(realm.kreis().state_hash() == before);
  // The very bytes are welcome where the town may write: it is the space that is refused.
  CHECK(offered(realm.kreis(), signed_run(*bocholt, bocholt->space("05554008", Collection::offers), key.author(), key, "Bocholt's own")) == Errc::ok);
  realm.sync(*bocholt);
  realm.sync(*ahaus);
  CHECK(title(*ahaus, "05554008") == "Bocholt's own");
  for (Replica* replica : {&realm.kreis(), ahaus.get(), bocholt.get()}) CHECK(title(*replica, "05554004") == "Ahaus's own");
}

TEST_CASE("hostile: a node of the Land reads what it may, and writes for no town and no Kreis") {
  Realm realm;
  auto ahaus = realm.join("05554004");
  write_offer(*ahaus, "Ahaus's own");
  realm.sync(*ahaus);
  REQUIRE(realm.kreis().core().issue(MemberNamed{"05", "Land", MemberRole::land}));
  auto land = realm.join("05");
  realm.sync(*land);
  CHECK_FALSE(land->read(land->space("05554004", Collection::counts), one_offer));
  const crypto::SigningKey& key = land->core().files().signing();
  realm.sync(*ahaus);  // it hears of the Land
  for (const MemberId& owner : {MemberId{"05554004"}, MemberId{"05554"}}) {
    for (const Collection collection : {Collection::offers, Collection::consents, Collection::reports}) {
      const Bytes run = signed_run(*land, land->space(owner, collection), key.author(), key, "by the Land");
      for (Replica* replica : {&realm.kreis(), ahaus.get()}) CHECK(offered(*replica, run) != Errc::ok);
    }
  }
  // Nor does its word on rights count.
  const ControlLog& control = land->control();
  const DeviceGranted grant{key.author(), land->identity().transport, "05554004", rights_of_an_office, "Land", realm.now_ms * 2, {}};
  const auto record = make_control_record(&control.records().back(), grant, realm.now_ms, key);
  const std::vector<Bytes> records{encode_control_record(record)};
  CHECK_FALSE(realm.kreis().core().ingest_control(records));
  CHECK_FALSE(ahaus->core().ingest_control(records));
  CHECK(title(realm.kreis(), "05554004") == "Ahaus's own");
}

TEST_CASE("hostile: whoever reads the keys of one machine writes in its name, and in that of no other, not even its own town's") {
  Realm realm;
  auto desk = realm.join("05554004");
  auto colleague = realm.join("05554004");
  write_offer(*colleague, "by the colleague");
  realm.sync(*colleague);
  realm.sync(*desk);
  // The administrator of the machine takes its key and signs as the colleague.
  const crypto::SigningKey stolen{desk->core().files().keyring().author_seed.view()};
  const Space space = desk->space("05554004", Collection::offers);
  CHECK(offered(realm.kreis(), signed_run(*desk, space, colleague->identity().author, stolen, "in the colleague's name")) == Errc::bad_signature);
  // In its own name it is believed, as the machine's own edits are; the history says which machine that was.
  CHECK(offered(realm.kreis(), signed_run(*desk, space, stolen.author(), stolen, "in its own name")) == Errc::ok);
  const auto steps = realm.kreis().history(space, one_offer);
  REQUIRE(steps.size() == 2);
  bool told = false;
  for (const HistoryStep& step : steps) told |= step.value == Value{std::string{"in its own name"}} && step.author.device == desk->identity().device;
  CHECK(told);
}
