#include "libclient/space_name.h"

#include "protocol/erasure_numbers.h"

namespace kiz {

const char* name_of(Collection collection) {
  if (collection == collections::erasures) return "erasures";
  if (collection == collections::erasure_answers) return "erasure_answers";
  switch (collection) {
    case Collection::offers: return "offers";
    case Collection::needs: return "needs";
    case Collection::counts: return "counts";
    case Collection::consents: return "consents";
    case Collection::reference: return "reference";
    case Collection::concept_: return "concept";
    case Collection::funding: return "funding";
    case Collection::reports: return "reports";
    case Collection::actors: return "actors";
    case Collection::events: return "events";
    case Collection::extension: break;
  }
  return "extension";
}

std::string name_of(const Space& space) {
  std::string name = space.owner + "/" + name_of(space.collection);
  if (space.collection >= Collection::extension) name += std::to_string(static_cast<std::uint32_t>(space.collection));
  if (!space.counterpart.empty()) name += "/" + space.counterpart;
  return name;
}

}  // namespace kiz
