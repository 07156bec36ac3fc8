// A record as replies show it: {"ref", "id", "member", "member_name", ...fields, "disputed": [...], "overwritten": [...]}.
// Fields have their English names and values as in record_json.h. A disputed field is null and listed under "disputed"
// with every value, who and when; what was concurrently overwritten is listed under "overwritten", newest first.
#pragma once

#include "libclient/references.h"
#include "libclient/requests.h"
#include "protocol/registry.h"

namespace kiz::reply {

Json record(const Replica& replica, const registry::Kind& kind, const RecordView& view);

/// The same for many records of one kind.
class Records {
 public:
  /// columns: what a list shows, "ref", "member", "member_name" or English names of fields. A record is then the array of
  /// these, null where there is nothing or no single value: of ten thousand records, names and nesting cost more than what
  /// they hold. Empty: whole records.
  Records(const Replica& replica, const registry::Kind& kind, const std::vector<std::string>& columns = {});
  Json json(const RecordView& view) const;
  /// What a view must show for it, as in ScanRange; empty: everything.
  std::vector<std::uint32_t> fields() const;

 private:
  using Column = Json (Records::*)(const RecordView& view, std::uint32_t field) const;
  Json ref(const RecordView& view, std::uint32_t) const;
  Json member(const RecordView& view, std::uint32_t) const;
  Json member_name(const RecordView& view, std::uint32_t) const;
  Json field(const RecordView& view, std::uint32_t number) const;

  const Replica& replica_;
  const registry::Kind& kind_;
  references::ShortReferences refs_;
  std::vector<std::pair<Column, std::uint32_t>> columns_;
};

/// [{"value", "label", "member", "member_name", "device", "actor", "time"}], one for each cell of the field.
Json values(const Replica& replica, const registry::Kind& kind, const FieldView& field);
/// {"ref": "K-1", "record", "record_ref", "kind", "title", "field", "values"}
Json conflict(const Replica& replica, const Conflict& conflict);
/// {"ref", "id", "title"}
Json created(const Replica& replica, const RecordId& id, const std::string& title);
/// Every change of a record: {"steps": [{"entry", "time", "member", "member_name", "device", "actor", "field", "mode", "value"}]}
Json history(const Replica& replica, const registry::Kind& kind, const Space& space, const RecordId& id);

}  // namespace kiz::reply
