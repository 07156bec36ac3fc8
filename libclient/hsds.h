// Offers as services of the Human Services Data Specification 3.0 (JSON), and back. Every service that is written
// validates against the specification's service.json, formats of identifiers and addresses included.
//
// What HSDS has a place for stands there, for any reader: organization, languages, schedules, locations, contacts,
// costs, funding. Beside it every field of ours but the description stands once more as an attribute of taxonomy
// "kiz-sync" (link_type the field's name, value in exchange form), so that nothing is lost between two installations of
// ours.
//
// opens_at and closes_at are local time without offset: a weekly date keeps its hour when the clocks change.
// Identifiers of what has none of its own (organization, schedule, ...) are hashes of what it says, so that the same
// export twice is the same text.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "libclient/generic_record.h"
#include "libclient/table_import.h"

namespace kiz::hsds {

struct Options {
  bool personal = false;  // with the names of contact persons
  /// Name of an actor's record; empty result: its reference is written.
  std::function<std::string(const RecordKey&)> actor_name;
};

/// One service with everything nested in it. `offer` is a record of kind offer; a missing title becomes "-".
nlohmann::json service(const GenericRecord& offer, const Options& options = {});

/// An array of services. Which offers are public is the caller's choice.
nlohmann::json services(std::span<const GenericRecord> offers, const Options& options = {});

/// Reads an array of services, a page {"contents": [...]}, or one service. Services of ours come back as they were;
/// others get the identifier "hsds:<id>", kind "sonstiges", and what has no field of ours as lines of the description.
/// complaints  as record_json::parse; json_shape; those of the fields, with the service's number from 1
table_import::Import read(std::string_view bytes, const table_import::Options& options);

}  // namespace kiz::hsds
