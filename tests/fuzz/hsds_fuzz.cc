// JSON of ours and HSDS: what comes in from either goes out as HSDS and comes back as it was.
#include "libclient/hsds.h"
#include "libclient/record_json.h"
#include "tests/fuzz/drafts.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const std::string_view text{reinterpret_cast<const char*>(in.data()), in.size()};
  const auto options = import_options("offer");
  for (const bool ours : {false, true}) {
    const auto import = ours ? record_json::read(text, options) : hsds::read(text, options);
    if (!import.ok() || import.drafts.empty()) continue;
    const auto records = records_of(import.drafts);
    expect_same(hsds::read(hsds::services(records, {.personal = true, .actor_name = {}}).dump(), options), records);
  }
  return 0;
}

std::vector<Bytes> seeds() {
  warm_up();
  std::vector<Bytes> out;
  for (
      const std::string_view text :
      {R"({"schema":"kiz.records/1","kind":"offer","records":[{"id":"000102030405060708090a0b0c0d0e0f","fields":)"
       R"({"title":"Café","provider":"AWO","kind":["sports","other"],"languages":["ar"],"cost":12.5,"public":true,)"
       R"("schedule":["Mo 9-11"],"place.lat":51.5,"title[tur]":"=x"}}]})",
       R"([{"id":"ac148810-d857-441c-9679-408f346de14b","name":"Counselling","status":"active","minimum_age":12.0,)"
       R"("organization":{"name":"Org"},"languages":[{"code":"ur"},{"name":"Polish"}],"phones":[{"number":"+49 2861"}],)"
       R"("service_at_locations":[{"location":{"latitude":51.5,"longitude":7,"addresses":[{"city":"Ahaus"}]}}]}])",
       R"({"contents":[{"id":"x","name":"n","organization_id":"o"}]})"}) {
    out.emplace_back(text.begin(), text.end());
  }
  return out;
}

}  // namespace kiz::fuzz
