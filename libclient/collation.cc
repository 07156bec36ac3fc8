#include "libclient/collation.h"

#include <unicode/ucol.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "kiz/assert.h"

namespace kiz::collation {
namespace {

struct Close {
  void operator()(UCollator* collator) const { ucol_close(collator); }
};

std::unique_ptr<UCollator, Close> german() {
  UErrorCode status = U_ZERO_ERROR;
  std::unique_ptr<UCollator, Close> out{ucol_open("de", &status)};
  ucol_setAttribute(out.get(), UCOL_NUMERIC_COLLATION, UCOL_ON, &status);
  KIZ_ASSERT(U_SUCCESS(status));  // the rules for all languages lie in the library itself
  return out;
}

std::vector<UChar> utf16(std::string_view text) {
  std::vector<UChar> out(text.size());  // never more units than bytes
  std::int32_t units = 0;
  UErrorCode status = U_ZERO_ERROR;
  u_strFromUTF8WithSub(out.data(), static_cast<std::int32_t>(out.size()), &units, text.data(), static_cast<std::int32_t>(text.size()), 0xFFFD,
                       nullptr, &status);
  out.resize(static_cast<std::size_t>(units));
  return out;
}

}  // namespace

std::string key(std::string_view text) {
  static const std::unique_ptr<UCollator, Close> collator = german();
  const std::vector<UChar> units = utf16(text);
  std::string out(3 * units.size() + 16, '\0');  // what most need
  const auto fill = [&] {
    const auto bytes = ucol_getSortKey(collator.get(), units.data(), static_cast<std::int32_t>(units.size()), reinterpret_cast<std::uint8_t*>(out.data()),
                                       static_cast<std::int32_t>(out.size()));
    const bool fits = static_cast<std::size_t>(bytes) <= out.size();
    out.resize(static_cast<std::size_t>(bytes));
    return fits;
  };
  if (!fill()) fill();
  return out;
}

}  // namespace kiz::collation
