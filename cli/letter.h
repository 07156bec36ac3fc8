// The letter that carries an invite to a town: text and QR code, one HTML page that prints on one sheet.
// The check number is not on it; it travels another way.
#pragma once

#include <string>

#include "libclient/requests.h"

namespace kiz::cli {

/// `invite`: {ags, name, invite, expires}. Everything from data is escaped.
std::string invite_letter(const Json& invite, const std::string& realm);

}  // namespace kiz::cli
