#include "libclient/space_name.h"

#include "protocol/erasure_numbers.h"
#include "protocol/registry.h"

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

bool is_name_of(Collection collection, std::string_view text) {
  const std::string folded = registry::fold(text);
  if (folded == name_of(collection)) return true;
  if (collection == collections::erasures) return folded == "loeschungen";
  switch (collection) {
    case Collection::offers: return folded == "angebote";
    case Collection::needs: return folded == "bedarfe";
    case Collection::counts: return folded == "zahlen";
    case Collection::consents: return folded == "einvernehmen";
    case Collection::actors: return folded == "akteure";
    default: return false;
  }
}

std::string name_of(const Space& space) {
  std::string name = space.owner + "/" + name_of(space.collection);
  if (space.collection >= Collection::extension) name += std::to_string(static_cast<std::uint32_t>(space.collection));
  if (!space.counterpart.empty()) name += "/" + space.counterpart;
  return name;
}

}  // namespace kiz
