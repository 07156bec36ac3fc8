// The one table from a refusal's code to its sentence: what happened, what is safe, what to do next.
// Codes, their names and exit codes: kiz/result.h.
#pragma once

#include "libclient/requests.h"

namespace kiz {

/// The sentence for an error that came up from below, in the present language (translate.h). Its context is put in where
/// it helps; a context that is a sentence already (invalid_input, over_limit, usage, not_found, ...) is taken as it is.
Refusal to_refusal(const Error& error);

/// {"code": "E_NOT_PERMITTED", "exit": 13, "text": ..., "hint": ...}
Json to_json(const Refusal& refusal);

}  // namespace kiz
