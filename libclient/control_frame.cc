#include "libclient/control_frame.h"

#include <algorithm>
#include <utility>

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

/// Builds what is read. nlohmann's own reader lets objects grow, and one that grows copies what it holds: a list of ten
/// thousand records, each time that a name follows it.
class Builder {
 public:
  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(Json::number_integer_t value) { return put(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return put(value); }
  bool number_float(Json::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // there is none in text
  bool key(std::string& name) {
    name_ = std::move(name);
    return true;
  }
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) { return false; }

  Json take() { return std::move(whole_); }

 private:
  template <class T>
  bool put(T&& value) {
    place() = std::forward<T>(value);
    return true;
  }
  // Of two values with one name the later one counts, as with nlohmann's own reader.
  Json& place() {
    if (open_.empty()) return whole_;
    Json& in = *open_.back();
    if (in.is_array()) return in.emplace_back();
    auto& object = in.get_ref<Json::object_t&>();
    if (object.size() == object.capacity()) grow(object);
    return in[name_];
  }
  static void grow(Json::object_t& object) {
    Json::object_t larger;
    larger.reserve(std::max<std::size_t>(4, 2 * object.size()));
    for (auto& [name, value] : object) larger.emplace_back(name, std::move(value));
    object = std::move(larger);
  }
  bool open(Json fresh) {
    Json& at = place();
    at = std::move(fresh);
    open_.push_back(&at);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  Json whole_;
  std::string name_;
  std::vector<Json*> open_;  // each lies in the one before, which does not grow while it is open
};

constexpr char rows_follow = '\0';  // never part of JSON

const Json::binary_t* rows_of(const Json& message) {
  const auto data = message.find("data");
  if (data == message.end() || !data->is_object()) return nullptr;
  const auto rows = data->find("rows");
  return rows != data->end() && rows->is_binary() ? &rows->get_binary() : nullptr;
}

Json without_rows(const Json& message) {
  Json out = Json::object();
  for (const auto& [name, value] : message.items()) {
    if (name != "data") {
      out[name] = value;
      continue;
    }
    Json data = Json::object();
    for (const auto& [of, part] : value.items()) {
      if (of != "rows") data[of] = part;
    }
    out[name] = std::move(data);
  }
  return out;
}
}  // namespace

Result<std::string> encode(const Json& message) {
  const Json::binary_t* rows = rows_of(message);
  std::string body = (rows == nullptr ? message : without_rows(message)).dump(-1, ' ', false, Json::error_handler_t::replace);
  if (rows != nullptr) {
    body += rows_follow;
    body.append(rows->begin(), rows->end());
  }
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
  const std::size_t end = std::min(body.find(rows_follow), body.size());
  const std::string_view text = body.substr(0, end);
  if (too_deep(text)) return Error{Errc::over_limit, "nesting of the control message"};
  Builder builder;
  if (!Json::sax_parse(text, &builder)) return Error{Errc::malformed, "control message"};
  Json message = builder.take();
  if (!message.is_object()) return Error{Errc::malformed, "control message"};
  if (end == body.size()) return message;
  const auto data = message.find("data");
  if (data == message.end() || !data->is_object() || data->contains("rows")) return Error{Errc::malformed, "control message"};
  const std::string_view rows = body.substr(end + 1);
  (*data)["rows"] = Json::binary({rows.begin(), rows.end()});
  return message;
}

}  // namespace kiz::control_frame
