// Numbers of the registry and of collections that erasure uses; append only like all of them. Rules: SPEC.md §13.
#pragma once

#include "kiz/ids.h"

namespace kiz {

namespace collections {
inline constexpr Collection erasures{11};         // what a member orders to be erased in its spaces
inline constexpr Collection erasure_answers{12};  // each member's word on what its devices have erased
}  // namespace collections

namespace registry {
namespace kinds {
inline constexpr std::uint32_t erasure = 39, erasure_answer = 40, archive_offer = 41;
}
namespace fields::erasure {
inline constexpr std::uint32_t collection = 1, counterpart = 2, kind = 3, record = 4, fields = 5, reason = 6,
                               requested_at = 7, effective_at = 8, confirmed_at = 9, until = 10, cells = 11;
}
namespace fields::erasure_answer {
inline constexpr std::uint32_t owner = 1, erasure = 2, device = 3, done_at = 4, values = 5, backups_until = 6;
}
namespace fields::archive_offer {
inline constexpr std::uint32_t archive = 1, offered_at = 2, decide_by = 3, items = 4, answer = 5, answered_on = 6, taken = 7,
                               declined = 8;
}
namespace archive_answer {
inline constexpr std::uint32_t taken = 1, declined = 2;
}
}  // namespace registry

}  // namespace kiz
