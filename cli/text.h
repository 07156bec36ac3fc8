// Values from answers in the words of the reader: sizes, fields and enumerations. JSON keeps the frozen form.
#pragma once

#include <string>
#include <string_view>

#include "libclient/requests.h"
#include "libclient/shown.h"  // days, months, numbers

namespace kiz::cli {

/// The value as text; empty where it is missing or null. Lists are joined by commas.
std::string text_of(const Json& object, const char* key);
std::string plain(const Json& value);
std::int64_t number_of(const Json& object, const char* key);
bool is_true(const Json& object, const char* key);
/// The array under the key, or an empty one.
const Json& list_of(const Json& object, const char* key);

/// A reference and what it is called, as a sentence names a record: A-7K3 "Chor"; the reference alone without a title.
std::string named(const std::string& ref, const std::string& title);

/// A field's label and its value as an office reads them. `kind`: English name of the kind of record ("offer").
std::string field_label(std::string_view kind, std::string_view field);
std::string field_text(std::string_view kind, std::string_view field, const Json& value);

/// First characters of a long id.
std::string shortened(const std::string& id, std::size_t characters = 16);

}  // namespace kiz::cli
