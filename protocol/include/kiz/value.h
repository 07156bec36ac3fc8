// The content of an op: nothing, a whole number, text, or bytes. What it means is the registry's business (registry.h);
// dates are text "YYYY-MM-DD", enum values their numbers, yes/no 0 and 1, money cents, coordinates millionths of a degree.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>

#include "kiz/bytes.h"

namespace kiz {

using Null = std::monostate;  // in a replace: the field is emptied

/// Ordered: nothing first, then numbers, texts and bytes, each in its own order (texts bytewise as UTF-8).
using Value = std::variant<Null, std::int64_t, std::string, Bytes>;

inline bool is_null(const Value& v) { return v.index() == 0; }
inline const std::int64_t* as_int(const Value& v) { return std::get_if<std::int64_t>(&v); }
inline const std::string* as_text(const Value& v) { return std::get_if<std::string>(&v); }

}  // namespace kiz
