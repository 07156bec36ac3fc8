// Files in and out: what a person names becomes bytes in a request, what an answer holds becomes a file.
#pragma once

#include "cli/form.h"
#include "cli/shell.h"

namespace kiz::cli {

/// FILE, --format, --zuordnung, --gemeinde.
void add_import_options(Form& form);
/// --format, --dialekt, --ausgabe.
void add_export_options(Form& form, const char* formats);  // msgid of the formats that there are

/// Puts the file named by args["file"] into the arguments as "name" and "content". A refusal is left in `refusal`.
bool take_file(Shell& shell, const std::string& request, Json& args, int& refusal);

int import_file(Shell& shell, const std::string& request, Json args);
int export_file(Shell& shell, const std::string& request, Json args);

/// Writes the "file" of an answer where `target` says: a path; empty: text to standard output, else its own name here.
/// Text on a terminal is made harmless. Nothing happens for an answer without a file. `done` is set when it took care.
int put_file(Shell& shell, const std::string& request, const Json& envelope, const std::string& target, bool& done);

}  // namespace kiz::cli
