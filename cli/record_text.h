// Records, histories and conflicts in words.
#pragma once

#include <string>

#include "cli/output.h"

namespace kiz::cli {

/// The name of the town a record belongs to, from "member_name" or "member".
std::string member_label(const Json& record);
std::string member_label(const std::string& member, const std::string& name);

/// One record, its fields labelled as an office knows them; what is disputed or was overwritten stands below.
void render_record(Output& out, const std::string& kind, const Json& record);

/// "granted" -> "erteilt"; the derived states too.
std::string consent_word(const std::string& state);
/// "reported" -> "gemeldet": where a month stands.
std::string return_word(const std::string& state);

/// data: {"history" or "steps": [{time, member, device, actor, field, value, mode}]}
void render_history(Output& out, const std::string& kind, const Json& data);

/// One conflict: what it is about, each value with whose it is, and the command that settles it.
void render_conflict(Output& out, const Json& conflict);

/// "Ahaus, device Rathaus, Müller, 22.11.2026 09:15"
std::string origin(const Json& value);

}  // namespace kiz::cli
