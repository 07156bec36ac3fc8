// Which fields a kind of record has and what may stand in them, for the help: from the registry, so that nothing is missing.
#pragma once

#include "cli/form.h"

namespace kiz::cli {

std::vector<Term> terms_of_offers();
std::vector<Term> terms_of_needs();
/// Measures, what they may be broken down by, and the words of each.
std::vector<Term> terms_of_counts();

}  // namespace kiz::cli
