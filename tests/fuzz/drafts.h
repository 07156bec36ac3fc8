// What the targets of imports share.
#pragma once

#include <string_view>
#include <vector>

#include "kiz/assert.h"
#include "libclient/countries.h"
#include "libclient/generic_record.h"
#include "libclient/languages.h"
#include "libclient/places.h"
#include "libclient/table_import.h"

namespace kiz::fuzz {

/// Lists that are read once and kept are read before the heap is watched.
inline void warm_up() {
  (void)languages::resolve("no such language", "");
  (void)countries::resolve("no such country", "");
  (void)places::areas();
}

inline table_import::Options import_options(std::string_view kind) {
  table_import::Options out;
  out.kind = registry::find_kind(kind);
  out.owner = "05554004";
  return out;
}

inline std::vector<GenericRecord> records_of(const std::vector<table_import::Draft>& drafts) {
  std::vector<GenericRecord> out;
  for (const auto& draft : drafts) {
    auto& record = out.emplace_back(GenericRecord{draft.id, {}});
    for (const auto& field : draft.fields) record.fields[field.number] = field.values;
  }
  return out;
}

inline void expect_same(const table_import::Import& import, const std::vector<GenericRecord>& records) {
  KIZ_ASSERT(import.ok());
  const auto again = records_of(import.drafts);
  KIZ_ASSERT(again.size() == records.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    KIZ_ASSERT(again[i].id == records[i].id);
    KIZ_ASSERT(again[i].fields == records[i].fields);
  }
}

}  // namespace kiz::fuzz
