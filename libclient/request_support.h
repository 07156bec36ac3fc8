// What the handlers of requests share: arguments as they expect them, refusals with their sentence, members by name,
// and the few shapes of JSON that occur in many replies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libclient/complaint.h"
#include "libclient/requests.h"

namespace kiz::request {

/// A value, or the refusal that the handler returns.
template <class T>
struct Or {
  std::variant<T, Refusal> held;

  Or(T value) : held(std::move(value)) {}            // NOLINT: meant to convert
  Or(Refusal refusal) : held(std::move(refusal)) {}  // NOLINT: meant to convert
  explicit operator bool() const { return held.index() == 0; }
  T& operator*() { return std::get<0>(held); }
  T* operator->() { return &std::get<0>(held); }
  Refusal& refusal() { return std::get<1>(held); }
};

Refusal refuse(Errc code, std::string text, std::string hint = {});
/// The sentence of a complaint with " Nothing was changed."
Refusal refuse(const Complaint& complaint, const Caller& caller);

Tongue tongue(const Caller& caller);
bool german(const Caller& caller);

/// An argument that is absent, null or empty is empty.
std::string text(const Json& args, const char* name);
std::vector<std::string> texts(const Json& args, const char* name);
bool flag(const Json& args, const char* name);

/// A month that has begun, from "2026-10" or "10/2026". Absent: `otherwise`; empty `otherwise`: refused.
Or<std::string> month(const RequestContext& context, const std::string& otherwise = {});
/// A day, from "2026-10-31" or "31.10.2026"; absent: empty.
Or<std::string> day(const RequestContext& context, const char* name);

/// "HOST:PORT" as others dial it, from "HOST:PORT", "[::1]:7411" or "HOST" (port 7411).
Or<std::string> dialled_address(const std::string& given);

/// The refusal when this installation belongs to no realm yet.
std::optional<Refusal> need_member(const RequestContext& context);
/// The handler, for installations that belong to a realm alone.
template <class Function>
Handler member_only(Function function) {
  return [function](RequestContext& context) -> Answer {
    if (auto refused = need_member(context)) return *refused;
    return function(context);
  };
}
/// The refusal when this is not the Kreis's installation.
std::optional<Refusal> need_authority(const RequestContext& context);

struct Town {
  MemberId id;
  std::string name;
};
/// The members whose returns and consents are expected: all municipalities; in a realm of one city, the city.
std::vector<Town> towns(const Replica& replica);
/// The member that `text` names: key, name, any case, umlauts or not, or an unambiguous beginning of the name.
Or<Town> member(const Replica& replica, const std::string& text);
std::string member_name(const Replica& replica, const MemberId& id);

/// {"member", "device", "actor", "time"} of who wrote a cell.
Json who(const Replica& replica, const LogId& log, const EntryHash& entry, Timestamp hlc);

/// "kiz conflict resolve K-3 --take N" for the first conflict of this record; "kiz conflict list" where it has none.
std::string conflict_hint(const Replica& replica, const Space& space, const RecordId& record);

/// null for an empty text.
Json or_null(const std::string& text);

/// Commits unless it is a dry run or there is nothing to do; tells the surroundings.
std::optional<Refusal> commit(RequestContext& context, const Edit& edit);

/// Sets a register or multi_value unless it already says this. True if a step was added.
bool set_if_new(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, std::uint32_t field, Value value);
/// Makes way for a record with a natural key: gives it its key, and where it was deleted, takes back the deletion and
/// empties what it held, so that the new one starts fresh.
void open_record(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, const std::string& key);

Bytes to_bytes(const Hash& hash);
/// Standard alphabet with padding, blanks and line breaks skipped. Empty optional: not base64.
std::optional<std::string> from_base64(std::string_view text);
std::string to_base64(std::string_view bytes);

}  // namespace kiz::request
