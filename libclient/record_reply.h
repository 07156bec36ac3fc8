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
  Records(const Replica& replica, const registry::Kind& kind);
  Json json(const RecordView& view) const;

 private:
  const Replica& replica_;
  const registry::Kind& kind_;
  references::ShortReferences refs_;
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
