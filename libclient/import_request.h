// What every request of an import has in common: whose records it writes, which mapping reads the file, and the file
// itself as drafts. How drafts become edits differs by kind; see the requests themselves.
//
//   content (base64), name, format, mapping (TOML text) or mapping_name (a shipped one), member (oneself),
//   separator, modulo, remainder, offset (which rows: table_import.h)
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>

#include "libclient/mapping.h"
#include "libclient/request_support.h"
#include "libclient/table_import.h"

namespace kiz::request {

/// Oneself. errors: not_permitted where the request names another member: everybody writes their own records
Or<MemberId> import_owner(const RequestContext& context);

/// The mapping that the request names or brings along; none when it does neither. `otherwise`: a shipped one, may be empty.
/// errors: those of mapping::parse, invalid_input (a mapping for other records)
Or<std::optional<mapping::Mapping>> import_mapping(const RequestContext& context, const registry::Kind& kind,
                                                   const std::string& otherwise = {});

/// The file as drafts, all rows right. `formats`: what may be read as records of this kind, the first where nothing tells.
/// errors: usage (no content, another format), invalid_input (a sentence for each wrong row, and that nothing was changed)
Or<table_import::Import> import_rows(const RequestContext& context, const registry::Kind& kind,
                                     const std::optional<mapping::Mapping>& mapping,
                                     std::initializer_list<std::string_view> formats);

}  // namespace kiz::request
