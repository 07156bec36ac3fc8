#include "kiz/replica.h"

namespace kiz {

void Edit::set(const Space& space, const RecordId& record, std::uint32_t field, Value value, std::vector<CellName> keep) {
  steps_.push_back({Kind::set, space, record, field, std::move(value), std::move(keep)});
}
void Edit::add(const Space& space, const RecordId& record, std::uint32_t field, Value value) {
  steps_.push_back({Kind::add, space, record, field, std::move(value), {}});
}
void Edit::remove(const Space& space, const RecordId& record, std::uint32_t field, Value value) {
  steps_.push_back({Kind::remove, space, record, field, std::move(value), {}});
}
void Edit::del(const Space& space, const RecordId& record) { steps_.push_back({Kind::del, space, record, 0, {}, {}}); }
void Edit::undo(const Space& space, const RecordId& record) { steps_.push_back({Kind::undo, space, record, 0, {}, {}}); }

}  // namespace kiz
