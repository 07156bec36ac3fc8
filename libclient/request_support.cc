#include "libclient/request_support.h"

#include <algorithm>
#include <array>

#include "libclient/dates.h"
#include "libclient/months.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/safe_text.h"
#include "libclient/translate.h"
#include "protocol/membership.h"
#include "protocol/registry.h"

namespace kiz::request {
namespace {
constexpr std::size_t quoted_columns_max = 40;
std::string quoted(const std::string& text) { return safe_text::line(text, quoted_columns_max); }
}  // namespace

Refusal refuse(Errc code, std::string text, std::string hint) { return {code, std::move(text), std::move(hint), 0}; }

Refusal refuse(const Complaint& complaint, const Caller& caller) {
  return to_refusal(to_error(complaint, tongue(caller)));
}

Tongue tongue(const Caller& caller) { return german(caller) ? Tongue::german : Tongue::english; }
bool german(const Caller& caller) { return caller.language == "de"; }

std::string text(const Json& args, const char* name) {
  const auto at = args.find(name);
  return at == args.end() || at->is_null() ? std::string{} : at->get<std::string>();
}

std::vector<std::string> texts(const Json& args, const char* name) {
  const auto at = args.find(name);
  return at == args.end() || at->is_null() ? std::vector<std::string>{} : at->get<std::vector<std::string>>();
}

bool flag(const Json& args, const char* name) {
  const auto at = args.find(name);
  return at != args.end() && !at->is_null() && at->get<bool>();
}

Or<std::string> month(const RequestContext& context, const std::string& otherwise) {
  const std::string given = text(context.args, "month");
  if (given.empty()) {
    if (!otherwise.empty()) return otherwise;
    return refuse(Errc::usage, tr("Which month? For example {}.", {months::month_of(context.replica.now_ms())}));
  }
  const std::string read = dates::read_month(given);
  Complaint wrong{Complaint::Code::bad_month, tr("month"), quoted(given)};
  if (read.empty()) return refuse(wrong, context.caller);
  wrong.code = Complaint::Code::future_month;
  if (months::is_future(read, context.replica.now_ms())) return refuse(wrong, context.caller);
  return read;
}

Or<std::string> day(const RequestContext& context, const char* name) {
  const std::string given = text(context.args, name);
  if (given.empty()) return std::string{};
  std::string read = dates::read_date(given);
  if (read.empty()) return refuse(Complaint{Complaint::Code::bad_date, name, quoted(given)}, context.caller);
  return read;
}

std::optional<Refusal> need_member(const RequestContext& context) {
  if (context.replica.identity().joined) return std::nullopt;
  return to_refusal(Error{Errc::not_set_up, {}});
}

std::optional<Refusal> need_authority(const RequestContext& context) {
  if (auto refused = need_member(context)) return refused;
  if (context.replica.identity().member == context.replica.membership().authority()) return std::nullopt;
  return refuse(Errc::not_permitted, tr("Only the Kreis can do this. Nothing was changed."));
}

Or<std::string> dialled_address(const std::string& given) {
  const std::size_t colon = given.rfind(':');
  const bool bracketed = !given.empty() && given.front() == '[';
  const bool has_port = colon != std::string::npos && (!bracketed || given[colon - 1] == ']');
  const std::string port = has_port ? given.substr(colon + 1) : "7411";
  const bool digits = !port.empty() && port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool clean = std::none_of(given.begin(), given.end(), [](unsigned char c) { return c <= ' ' || c == 0x7F; });
  if (!digits || !clean || given.empty() || colon == 0 || std::stoul(port) == 0 || std::stoul(port) > 65535) {
    return refuse(Errc::invalid_input, tr("\"{}\" is not an address such as kiz.kreis-borken.de:7411. Nothing was changed.", {given}));
  }
  return has_port ? given : given + ":7411";
}

std::vector<Town> towns(const Replica& replica) {
  std::vector<Town> out;
  const Membership& membership = replica.membership();
  for (const Member& member : membership.members()) {
    if (member.role == MemberRole::municipality) out.push_back({member.id, member.name});
  }
  if (out.empty()) out.push_back({membership.authority(), member_name(replica, membership.authority())});
  std::sort(out.begin(), out.end(), [](const Town& a, const Town& b) { return a.id < b.id; });
  return out;
}

Or<Town> member(const Replica& replica, const std::string& text) {
  const std::string folded = registry::fold(text);
  std::vector<Town> beginning;
  for (const Member& member : replica.membership().members()) {
    const std::string name = registry::fold(member.name);
    if (member.id == text || name == folded) return Town{member.id, member.name};
    if (!folded.empty() && name.starts_with(folded)) beginning.push_back({member.id, member.name});
  }
  if (beginning.size() == 1) return beginning.front();
  const auto code = beginning.empty() ? Errc::not_found : Errc::ambiguous;
  const auto sentence = beginning.empty() ? tr("No member is called \"{}\".", {quoted(text)})
                                          : tr("\"{}\" fits more than one member.", {quoted(text)});
  return refuse(code, sentence, tr("kiz member list"));
}

std::string member_name(const Replica& replica, const MemberId& id) {
  const Member* member = replica.membership().member(id);
  return member != nullptr ? member->name : id;
}

Json who(const Replica& replica, const LogId& log, const EntryHash& entry, Timestamp hlc) {
  const Author author = replica.author_of(log);
  return {{"member", author.member},
          {"member_name", author.member_name},
          {"device", author.device},
          {"actor", or_null(replica.actor_of(entry))},
          {"time", months::instant(hlc.millis())}};
}

std::string conflict_hint(const Replica& replica, const Space& space, const RecordId& record) {
  for (const Conflict& conflict : replica.conflicts()) {
    if (conflict.space == space && conflict.record == record) {
      return tr("kiz conflict resolve K-{} --take N", {std::to_string(conflict.number)});
    }
  }
  return tr("kiz conflict list");
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::optional<Refusal> commit(RequestContext& context, const Edit& edit) {
  if (context.dry_run || edit.empty()) return std::nullopt;
  const auto done = context.replica.core().commit(edit, context.actor(), context.surroundings.progress);
  if (!done) return to_refusal(done.error());
  if (context.surroundings.committed) context.surroundings.committed();
  return std::nullopt;
}

bool set_if_new(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, std::uint32_t field,
                Value value) {
  const FieldView* view = present != nullptr && present->exists() ? present->field(field) : nullptr;
  const bool one = view != nullptr && !view->cells.empty() && !view->disputed();
  const bool nothing = view == nullptr || view->cells.empty();
  if ((nothing && is_null(value)) || (one && view->cells.front().value == value)) return false;
  edit.set(space, id, field, std::move(value));
  return true;
}

void open_record(Edit& edit, const Space& space, const RecordId& id, const RecordView* present, const std::string& key) {
  if (present != nullptr && present->exists() && present->text(registry::fields::key) == key) return;
  if (present != nullptr && present->existence == Existence::deleted) {
    edit.undo(space, id);
    for (const FieldView& field : present->fields) {
      if (field.field == registry::fields::key) continue;
      switch (field.type) {
        case MergeType::counter:
          if (field.sum != 0) edit.add(space, id, field.field, Value{-field.sum});
          break;
        case MergeType::set:
          for (const CellView& cell : field.cells) {
            if (cell.value) edit.remove(space, id, field.field, *cell.value);
          }
          break;
        default:
          if (!field.cells.empty()) edit.set(space, id, field.field, Null{});
      }
    }
  }
  edit.set(space, id, registry::fields::key, Value{key});
}

Bytes to_bytes(const Hash& hash) { return {hash.bytes.begin(), hash.bytes.end()}; }

namespace {
constexpr std::string_view base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t held = 0;
  unsigned bits = 0;
  bool padded = false;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ') continue;
    if (c == '=') {
      padded = true;
      continue;
    }
    const auto at = base64.find(c);
    if (at == std::string_view::npos || padded) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(at);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 0xFFU);
  }
  if (bits >= 6 || (held & ((1U << bits) - 1)) != 0) return std::nullopt;
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t held = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      held = held << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? base64[held >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

}  // namespace kiz::request
