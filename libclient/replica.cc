#include "kiz/replica.h"

#include <algorithm>

#include "libclient/inspection.h"
#include "libclient/keyring.h"
#include "libclient/replica_core.h"
#include "libclient/take_back.h"
#include "protocol/entry_fields.h"
#include "protocol/registry.h"

namespace kiz {
namespace {

RecordView decoded_view(const Space& space, const RecordId& id, ByteView bytes) {
  const auto state = decode_record(bytes);
  if (!state) throw SqlFailure{SQLITE_CORRUPT, "record"};
  return view_of(space, id, *state);
}

RecordId record_id(std::uint32_t kind, ByteView key) { return {kind, RecordKey::from(key)}; }

// A set-up that ended too soon has left this store: it belongs to no realm, and waits for none.
bool unfinished(ReplicaCore& core) {
  const KeyringContents& ring = core.files().keyring();
  return core.control().empty() && !ring.joining && !ring.recovering;
}

}  // namespace

Replica::Replica(std::unique_ptr<ReplicaCore> core) : core_(std::move(core)) {}
Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::open(ReplicaOptions options) {
  auto core = ReplicaCore::open(std::move(options), std::nullopt);
  if (!core) return core.error();
  if (unfinished(**core)) return Error{Errc::not_set_up, "store"};
  return std::unique_ptr<Replica>{new Replica{std::move(*core)}};
}

Result<std::unique_ptr<Replica>> Replica::create(ReplicaOptions options, std::string device_name) {
  auto core = ReplicaCore::open(options, device_name);
  if (core) return std::unique_ptr<Replica>{new Replica{std::move(*core)}};
  if (core.error().code != Errc::already_set_up) return core.error();
  // What a set-up has left that ended after the store was made and before it was used for anything: this one goes on.
  auto left = ReplicaCore::open(std::move(options), std::nullopt);
  if (!left || !unfinished(**left)) return core.error();
  (*left)->files().keyring().device_name = std::move(device_name);
  if (auto saved = (*left)->files().save_keyring(); !saved) return saved.error();
  return std::unique_ptr<Replica>{new Replica{std::move(*left)}};
}

Identity Replica::identity() const {
  Identity out;
  out.realm = core_->control().realm();
  out.realm_name = core_->membership().realm_name();
  out.device = core_->files().device_name();
  out.author = core_->files().author();
  out.transport = core_->files().transport();
  out.is_authority = core_->files().issuing_key() != nullptr;
  if (const Device* device = core_->own_device()) {
    out.joined = true;
    out.member = device->member;
    const Member* member = core_->membership().member(device->member);
    out.member_name = member != nullptr ? member->name : device->member;
  }
  return out;
}

const Membership& Replica::membership() const { return core_->membership(); }
const ControlLog& Replica::control() const { return core_->control(); }
std::uint64_t Replica::now_ms() const { return core_->now_ms(); }
void Replica::random(std::span<std::uint8_t> out) const { core_->random(out); }

Space Replica::space(const MemberId& owner, Collection collection, const MemberId& counterpart) const {
  return {core_->control().realm(), owner, collection, counterpart};
}

// ---- reading

std::optional<RecordView> Replica::read(const Space& space, const RecordId& record) const {
  const SpaceSlot* slot = core_->slot(space);
  if (slot == nullptr) return std::nullopt;
  auto query = core_->db().query("SELECT state FROM records WHERE space = ? AND kind = ? AND key = ?");
  query << slot->store.number() << record.kind << ByteView{record.key};
  if (!query.step() || query.blob(0).empty()) return std::nullopt;
  return decoded_view(space, record, query.blob(0));
}

void Replica::scan(std::uint32_t kind, const std::function<bool(const RecordView&)>& each, const ScanRange& range) const {
  std::vector<std::uint32_t> fields = range.fields;
  std::sort(fields.begin(), fields.end());
  RecordState few;
  for (const SpaceSlot* slot : core_->slots()) {
    const Space& space = slot->store.space();
    if (range.space && space != *range.space) continue;
    auto query = core_->db().query("SELECT key, state FROM records WHERE space = ? AND kind = ? ORDER BY key");
    query << slot->store.number() << kind;
    while (query.step()) {
      const ByteView bytes = query.blob(1);
      if (bytes.empty()) continue;
      const RecordId id = record_id(kind, query.blob(0));
      if (!fields.empty() && !decode_record(bytes, fields, few)) throw SqlFailure{SQLITE_CORRUPT, "record"};
      const RecordView view = fields.empty() ? decoded_view(space, id, bytes) : view_of(space, id, few);
      if (!range.deleted && !view.exists()) continue;
      if (!each(view)) return;
    }
  }
}

std::vector<std::pair<Space, RecordId>> Replica::find_by_prefix(std::uint32_t kind, const RecordKey& prefix, unsigned bits,
                                                                std::size_t max) const {
  RecordKey last = prefix;
  for (unsigned bit = bits; bit < RecordKey::size_bytes * 8; ++bit) {
    last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | (0x80u >> (bit % 8)));
  }
  std::vector<std::pair<Space, RecordId>> out;
  for (const SpaceSlot* slot : core_->slots()) {
    auto query = core_->db().query(
        "SELECT key FROM records WHERE space = ? AND kind = ? AND key >= ? AND key <= ? AND state <> x'' ORDER BY key");
    query << slot->store.number() << kind << ByteView{prefix} << ByteView{last};
    while (out.size() < max && query.step()) out.emplace_back(slot->store.space(), record_id(kind, query.blob(0)));
  }
  return out;
}

std::vector<Conflict> Replica::conflicts() const {
  std::vector<Conflict> out;
  auto query = core_->db().query("SELECT number, space, kind, key, field FROM conflicts ORDER BY number");
  while (query.step()) {
    const SpaceSlot* slot = core_->slot(query.number(1));
    if (slot == nullptr) continue;
    out.push_back({query.count(0), slot->store.space(), record_id(static_cast<std::uint32_t>(query.number(2)), query.blob(3)),
                   static_cast<std::uint32_t>(query.number(4))});
  }
  return out;
}

std::uint64_t Replica::conflict_count() const {
  auto query = core_->db().query("SELECT count(*) FROM conflicts");
  return query.step() ? query.count(0) : 0;
}

Author Replica::author_of(const LogId& log) const { return inspect::author_of(*core_, log); }
std::string Replica::actor_of(const EntryHash& entry) const { return inspect::actor_of(*core_, entry); }
std::vector<HistoryStep> Replica::history(const Space& space, const RecordId& record) const {
  return inspect::history(*core_, space, record);
}
std::vector<SpaceStatus> Replica::spaces() const { return inspect::spaces(*core_); }
Hash Replica::state_hash() const { return inspect::state_hash(*core_); }
StoreFigures Replica::figures() const { return inspect::figures(*core_); }
Verification Replica::verify(bool rebuild) const { return inspect::verify(*core_, rebuild); }

// ---- editing

Result<Committed> Replica::commit(const Edit& edit, const Actor& actor) { return core_->commit(edit, actor); }
Result<Committed> Replica::undo_last(const Actor& actor) { return take_back_last(*core_, actor); }

}  // namespace kiz
