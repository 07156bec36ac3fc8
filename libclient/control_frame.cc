#include "libclient/control_frame.h"

namespace kiz::control_frame {

namespace {
// Looked at before anything is parsed: printing and destroying deeply nested JSON would use up the stack.
bool too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > depth_max) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}
}  // namespace

Result<std::string> encode(const Json& message) {
  const std::string body = message.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (body.size() > body_bytes_max) return Error{Errc::over_limit, "control message"};
  const auto n = static_cast<std::uint32_t>(body.size());
  std::string out;
  out.reserve(header_bytes + body.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(n >> shift & 0xffU);
  return out += body;
}

Result<std::size_t> body_bytes(const std::array<std::uint8_t, header_bytes>& header) {
  std::size_t n = 0;
  for (const std::uint8_t byte : header) n = n << 8 | byte;
  if (n == 0) return Error{Errc::malformed, "control message"};
  if (n > body_bytes_max) return Error{Errc::over_limit, "control message"};
  return n;
}

Result<Json> decode(std::string_view body) {
  if (too_deep(body)) return Error{Errc::over_limit, "nesting of the control message"};
  Json message = Json::parse(body, nullptr, false);
  if (!message.is_object()) return Error{Errc::malformed, "control message"};
  return message;
}

}  // namespace kiz::control_frame
