// One record of the control log, and what it says.
#include "protocol/control_log.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const auto record = decode_control_record(in);
  if (!record) return 0;
  KIZ_ASSERT(std::ranges::equal(encode_control_record(*record), in));
  (void)decode_control_body(*record);
  ControlLog log;
  (void)log.append(*record);
  return 0;
}

std::vector<Bytes> seeds() {
  const crypto::SigningKey root{Bytes(32, 1)};
  const crypto::SigningKey issuing{Bytes(32, 2)};
  const Cut cut{LogId::from(Bytes(32, 5)), 7, EntryHash::from(Bytes(32, 6)), 3};
  std::vector<ControlRecord> records;
  const auto add = [&](const ControlBody& body, const crypto::SigningKey& key) {
    records.push_back(make_control_record(records.empty() ? nullptr : &records.back(), body, 1'700'000'000'000, key));
  };
  add(RealmFounded{root.author(), issuing.author(), certify_issuing_key(root, issuing.author()), "Kreis Borken",
                   "05554"},
      root);
  add(MemberNamed{"05554004", "Ahaus", MemberRole::municipality}, issuing);
  add(DeviceGranted{issuing.author(), {}, "05554004", rights_of_an_office, "Büro 1", 1'800'000'000'000, InviteId{}},
      issuing);
  add(LogCut{cut}, issuing);
  add(DeviceRevoked{issuing.author(), {cut}}, issuing);
  add(RightWithdrawn{issuing.author(), Right::consent, Collection::consents, {cut}}, issuing);
  add(RightGivenBack{issuing.author(), Right::consent, Collection::consents}, issuing);
  add(AdmissionRenewed{issuing.author(), 1'900'000'000'000}, issuing);
  add(RuleSet{"paper_consents_count", "1"}, issuing);
  Checkpoint checkpoint{{{RealmId::from(control_hash(records.front())), "05554004", Collection::offers, {}}, 1, {}, {{{cut.log, 7, cut.head}, issuing.author()}}},
                        issuing.author(), {}};
  checkpoint.signature = issuing.sign(checkpoint_label, checkpoint_hash(checkpoint.claim));
  add(checkpoint, issuing);
  add(EpochOpened{issuing.author(), certify_issuing_key(root, issuing.author()), position_of(records.back())}, root);
  std::vector<Bytes> out;
  for (const auto& record : records) out.push_back(encode_control_record(record));
  return out;
}

}  // namespace kiz::fuzz
