#include "libclient/hsds.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "libclient/record_json.h"
#include "tests/support/real_data.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_dir.h"
#include "tests/support/ugly_records.h"

using namespace kiz;

namespace {

const registry::Kind& offer() { return *registry::find_kind("offer"); }

table_import::Options options() {
  table_import::Options out;
  out.kind = &offer();
  out.owner = "05554004";
  return out;
}

std::string file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

GenericRecord record_of(const table_import::Draft& draft) {
  GenericRecord out{draft.id, {}};
  for (const auto& field : draft.fields) out.fields[field.number] = field.values;
  return out;
}

/// 0 valid, 77 no validator on this machine.
int validate(const nlohmann::json& services) {
  const test::TempDir folder;
  const auto path = folder.path() / "services.json";
  std::ofstream(path) << services.dump();
  const std::string command = "/usr/bin/python3 -W ignore '" + (test::source_dir() / "tests/support/validate_hsds.py").string() + "' '" +
                              (test::real_data() / "data/hsds/schema").string() + "' '" + path.string() + "'";
  return WEXITSTATUS(std::system(command.c_str()));
}

bool valid(const nlohmann::json& services) {
  const int status = validate(services);
  if (status == 77) MESSAGE("python3-jsonschema is not installed: not validated");
  return status == 0 || status == 77;
}

}  // namespace

TEST_CASE("hsds: an offer of ours comes back as it was") {
  const auto records = test::ugly_records(offer());
  const auto import = hsds::read(hsds::services(records, {.personal = true, .actor_name = {}}).dump(), options());
  for (const auto& complaint : import.complaints) MESSAGE(sentence(complaint));
  REQUIRE(import.ok());
  REQUIRE(import.drafts.size() == records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(import.drafts[i].id == records[i].id);
    CHECK(record_of(import.drafts[i]).fields == records[i].fields);
  }
}

TEST_CASE("hsds: names of persons are written only when asked for") {
  const auto records = test::ugly_records(offer());
  CHECK(hsds::services(records).dump().find("Erika") == std::string::npos);
  CHECK(hsds::services(records, {.personal = true, .actor_name = {}}).dump().find("Erika") != std::string::npos);
}

TEST_CASE("hsds: an offer is read by those who know nothing of us") {
  GenericRecord record{{registry::kinds::offer, RecordKey{{1}}}, {}};
  const auto set = [&](std::string_view name, Value value) {
    record.fields[registry::find_field(offer(), name)->number].push_back(std::move(value));
  };
  set("title", std::string("Sprachcafé"));
  set("provider", std::string("Caritas"));
  set("languages", std::string("ukr"));
  set("schedule", std::string("MO,WE 09:00-11:30 from 2026-01-12 every 2"));
  set("place.street", std::string("Markt 1"));
  set("place.city", std::string("Ahaus"));
  set("cost", std::int64_t{250});
  set("contact.url", std::string("www.example.org"));  // not an address by the specification: left to the attributes
  set("status", std::int64_t{registry::offer_status::paused});
  const auto service = hsds::service(record);
  CHECK(service["id"] == "01000000-0000-0000-0000-000000000000");
  CHECK(service["status"] == "temporarily closed");
  CHECK(service["organization"]["name"] == "Caritas");
  CHECK(service["languages"][0]["code"] == "uk");
  CHECK(service["schedules"][0]["byday"] == "MO,WE");
  CHECK(service["schedules"][0]["interval"] == 2);
  CHECK(service["schedules"][0]["opens_at"] == "09:00");
  CHECK(service["cost_options"][0]["amount"] == 2.5);
  CHECK(service["service_at_locations"][0]["location"]["addresses"][0]["state_province"] == "Nordrhein-Westfalen");
  CHECK_FALSE(service.contains("url"));
  CHECK(hsds::service(record) == service);
}

TEST_CASE("hsds: wrong documents are refused") {
  CHECK(hsds::read("{\"contents\": 3}", options()).complaints.front().code == Complaint::Code::json_shape);
  CHECK(hsds::read("[1]", options()).complaints.front().code == Complaint::Code::json_shape);
  CHECK(hsds::read("[", options()).complaints.front().code == Complaint::Code::json_syntax);
  CHECK(hsds::read("[]", options()).drafts.empty());
  CHECK(sentence(hsds::read(R"([{"id":"x","name":"a"}])", options()).complaints.front()) ==
        "Die Spalte „traeger“ fehlt; die Datei hat: title, external_ids, kind");
}

TEST_CASE("real data: what is written validates against the specification") {
  CHECK(valid(hsds::services(test::ugly_records(offer()), {.personal = true, .actor_name = {}})));
  CHECK(validate(nlohmann::json::array({{{"id", "no-uuid"}}})) != 0);

  for (const auto& [mapping_name, path] :
       {std::pair("integreat-seiten", "data/offers/integreat_seiten_augsburg_muenchen.csv"),
        std::pair("helferkreise", "data/offers/helferkreise_muenchen.csv"),
        std::pair("dcyf", "data/offers/sf_dcyf_programme_2013.csv")}) {
    CAPTURE(mapping_name);
    const auto mapping = mapping::shipped(mapping_name);
    auto with_mapping = options();
    with_mapping.mapping = &mapping.value;
    const auto import = table_import::read(file(test::real_data() / path), with_mapping);
    REQUIRE(import.ok());
    std::vector<GenericRecord> records;
    for (const auto& draft : import.drafts) records.push_back(record_of(draft));
    const auto services = hsds::services(records);
    CHECK(valid(services));
    const auto back = hsds::read(services.dump(), options());
    REQUIRE(back.ok());
    REQUIRE(back.drafts.size() == records.size());
    for (std::size_t i = 0; i < records.size(); ++i) CHECK(record_of(back.drafts[i]).fields == records[i].fields);
  }
}

TEST_CASE("real data: the specification's own example comes in") {
  const auto import = hsds::read(file(test::real_data() / "data/hsds/examples/service_full.json"), options());
  for (const auto& complaint : import.complaints) MESSAGE(sentence(complaint));
  REQUIRE(import.ok());
  REQUIRE(import.drafts.size() == 1);
  CHECK(std::get<std::string>(import.drafts[0].find(registry::fields::offer::title)->values[0]) ==
        "Community Counselling");
}
