// From a merged record to what readers see. The rule of reading: SPEC.md "Merge", "Reading".
#pragma once

#include <map>
#include <vector>

#include "kiz/record_view.h"
#include "protocol/merge.h"
#include "protocol/record_state.h"

namespace kiz {

/// How a field of a kind is read, by the registry; fields it does not know are read by the cells they have.
MergeType merge_type(std::uint32_t kind, std::uint32_t field, const RecordState& state);

RecordView view_of(const Space& space, const RecordId& id, const RecordState& state);
Existence existence_of(const RecordState& state);

/// Fields with two or more different values that only a person may choose between; 0 stands for "deleted and edited at
/// the same time".
std::vector<std::uint32_t> conflict_fields(std::uint32_t kind, const RecordState& state);

/// The registry's word on which fields are counters, for the merge.
class RegisteredFields final : public FieldTypes {
 public:
  bool is_counter(std::uint32_t kind, std::uint32_t field) const override;
};

/// For each kind that is known, extensions included, a digest of its fields and how they merge: records of a kind that were
/// derived by another one may be wrong here.
std::map<std::uint32_t, Hash> registered_kinds();

/// A collection that an embedding program brings along: its kind (>= 1,000,000) and how its fields merge. Not thread-safe;
/// call before a replica is opened. Fields not named are registers.
void register_extension(std::uint32_t kind, std::vector<std::pair<std::uint32_t, MergeType>> fields);

}  // namespace kiz
