// Figures and months in words.
#pragma once

#include <string>

#include "cli/output.h"

namespace kiz::cli {

/// "neu zugezogen (Grundschule, 6-9)" and the number, or why there is none. `count`: shape of libclient/count_json.h.
std::string count_label(const Json& count);
std::string count_value(const Json& count);

/// "Ahaus, Oktober 2026: gemeldet, Fassung 2"
std::string month_state(const Json& of_return);

void render_entered(Output& out, const Json& data);
void render_counts(Output& out, const Json& data);
void render_missing(Output& out, const Json& data);
/// data: {"return": ...} or {"returns": [...]}
void render_month_states(Output& out, const Json& data);

}  // namespace kiz::cli
