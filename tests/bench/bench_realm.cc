#include "tests/bench/bench_realm.h"

#include <fmt/format.h>

#include <stdexcept>

#include "libclient/enrolment.h"
#include "libclient/keyring.h"
#include "libclient/peer_talk.h"
#include "libclient/view.h"
#include "protocol/control_log.h"

namespace kiz::bench {
namespace {

template <class T>
T or_throw(Result<T> result, const char* what) {
  if (!result)
    throw std::runtime_error{std::string{what} + ": " + std::string{name(result.error().code)} + " " +
                             result.error().context};
  return std::move(*result);
}

void or_throw(Result<void> result, const char* what) {
  if (!result)
    throw std::runtime_error{std::string{what} + ": " + std::string{name(result.error().code)} + " " +
                             result.error().context};
}

SteadyTime steady_now() {
  return std::chrono::duration_cast<SteadyTime>(std::chrono::steady_clock::now().time_since_epoch());
}

// Lets two replicas of this process talk until the newcomer has joined and nothing more is said.
void let_join(Replica& kreis, Replica& town) {
  const auto caller = or_throw(PeerTalk::call(town.core(), steady_now()), "call");
  const auto answerer = PeerTalk::answer(kreis.core(), steady_now());
  for (bool quiet = false; !quiet;) {
    const Bytes to_kreis = caller->take_output(steady_now());
    answerer->feed(to_kreis, steady_now());
    const Bytes to_town = answerer->take_output(steady_now());
    caller->feed(to_town, steady_now());
    quiet = to_kreis.empty() && to_town.empty();
  }
  for (const PeerTalk* talk : {caller.get(), answerer.get()}) {
    if (talk->failure())
      throw std::runtime_error{"join: " + std::string{name(talk->failure()->code)} + " " + talk->failure()->context};
  }
  if (!caller->joined()) throw std::runtime_error{"the town did not join"};
}

ReplicaOptions options_for(const std::filesystem::path& folder, std::optional<int> cache_kib) {
  register_extension(offer_kind, {{target_groups, MergeType::set}, {languages, MergeType::set}, {status, MergeType::multi_value}});
  ReplicaOptions out;
  out.directory = folder;
  if (cache_kib) out.cache_kib = *cache_kib;
  out.author_burst_bytes = 1ull << 40;  // a million records of one device at once are more than an office's replica takes
  return out;
}

RecordKey key_of(const Offer& offer) { return RecordKey::from(from_hex(offer.id)); }

// take(field, mode, value) for each value of an offer.
template <class Take>
void each_value(const Offer& offer, Take take) {
  const auto text = [&](std::uint32_t field, std::string_view value) { take(field, Mode::replace, Value{std::string{value}}); };
  text(title, offer.title);
  text(description, offer.description);
  text(provider, offer.provider);
  text(field_of_action, offer.field_of_action);
  text(stage, offer.stage);
  for (const auto group : offer.target_groups) take(target_groups, Mode::add, Value{std::string{group}});
  for (const auto language : offer.languages) take(languages, Mode::add, Value{std::string{language}});
  text(municipality, offer.municipality);
  take(capacity, Mode::replace, Value{std::int64_t{offer.capacity}});
  text(status, offer.status);
  text(valid_from, offer.valid_from);
  text(valid_until, offer.valid_until);
  text(contact, offer.contact);
}

}  // namespace

Folders found_two(const std::filesystem::path& parent) {
  Folders out{parent / "kreis", parent / "town"};
  RealmPlan plan;
  plan.name = "Kreis Borken";
  plan.authority = kreis_id;
  plan.members = {{town_id, "Ahaus"}};
  plan.addresses = {"127.0.0.1:7411"};
  const auto founded = or_throw(found_realm({.directory = out.kreis}, plan), "found");
  const auto invite = or_throw(issue_invite(*founded.replica, town_id), "invite");
  const auto town = or_throw(prepare_join({.directory = out.town}, invite.invite, invite.check, "Büro"), "join");
  let_join(*founded.replica, *town);
  return out;
}

std::vector<MemberId> town_ids(unsigned count) {
  std::vector<MemberId> out;
  for (unsigned i = 0; i < count; ++i) out.push_back(fmt::format("{:08}", 5554004 + i));
  return out;
}

std::unique_ptr<Replica> found_kreis(const std::filesystem::path& parent, const std::vector<MemberId>& members) {
  RealmPlan plan;
  plan.name = "Kreis Borken";
  plan.authority = kreis_id;
  plan.addresses = {"127.0.0.1:7411"};
  plan.members = {{town_id, "Ahaus"}};
  for (const MemberId& id : members) {
    if (id != kreis_id && id != town_id) plan.members.push_back({id, "Gemeinde " + id});
  }
  return std::move(or_throw(found_realm({.directory = parent / "kreis"}, plan), "found").replica);
}

std::unique_ptr<Replica> make_device(const std::filesystem::path& folder, const TransportKey& kreis, std::optional<int> cache_kib) {
  auto device = or_throw(Replica::create(options_for(folder, cache_kib), "Büro"), "create");
  StoreFiles& files = device->core().files();
  files.keyring().kreis = kreis;
  files.keyring().kreis_addresses = {"127.0.0.1:7411"};
  files.keyring().pairs.push_back({kreis, pair_key(files.transport()), {}});
  or_throw(files.save_keyring(), "keyring");
  return device;
}

DeviceKeys keys_of(Replica& device) {
  const StoreFiles& files = device.core().files();
  return {files.author(), files.transport()};
}

SecretKey32 pair_key(const TransportKey& device) { return SecretKey32{crypto::hash("bench pair", device).bytes}; }

void admit_all(Replica& kreis, const std::vector<std::pair<MemberId, DeviceKeys>>& devices) {
  constexpr std::uint64_t admitted_ms = 700ull * 24 * 60 * 60 * 1000;
  ReplicaCore& core = kreis.core();
  for (const auto& [member, keys] : devices) {
    core.files().keyring().pairs.push_back({keys.transport, pair_key(keys.transport), {}});
    (void)or_throw(core.issue(DeviceGranted{keys.author, keys.transport, member, rights_of_an_office, "Büro",
                                            core.now_ms() + admitted_ms, {}}), "grant");
  }
  or_throw(core.files().save_keyring(), "keyring");
}

std::vector<Bytes> control_records(Replica& kreis) {
  std::vector<Bytes> out;
  for (const ControlRecord& record : kreis.core().control().records()) out.push_back(encode_control_record(record));
  return out;
}

void take_control(Replica& device, const std::vector<Bytes>& records) { or_throw(device.core().ingest_control(records), "control"); }

std::vector<std::filesystem::path> found_many(const std::filesystem::path& parent, const std::vector<MemberId>& devices) {
  const auto kreis = found_kreis(parent, devices);
  std::vector<std::filesystem::path> out{parent / "kreis"};
  std::vector<std::unique_ptr<Replica>> replicas;
  std::vector<std::pair<MemberId, DeviceKeys>> asking;
  for (const MemberId& id : devices) {
    out.push_back(parent / fmt::format("device-{}", out.size()));
    replicas.push_back(make_device(out.back(), keys_of(*kreis).transport));
    asking.emplace_back(id, keys_of(*replicas.back()));
  }
  admit_all(*kreis, asking);
  const auto records = control_records(*kreis);
  for (const auto& replica : replicas) take_control(*replica, records);
  return out;
}

std::uint64_t talk(Replica& kreis, Replica& town) {
  const auto caller = or_throw(PeerTalk::call(town.core(), SteadyTime{}), "call");
  return talk(kreis, *caller);
}

std::unique_ptr<Replica> open_replica(const std::filesystem::path& folder, std::optional<int> cache_kib) {
  return or_throw(Replica::open(options_for(folder, cache_kib)), "open");
}

Space bench_space(const Replica& replica) { return replica.space(kreis_id, Collection::extension, town_id); }

RecordId record_id(const Offer& offer) { return {offer_kind, key_of(offer)}; }

void put(Edit& edit, const Space& space, const Offer& offer) {
  const RecordId id = record_id(offer);
  each_value(offer, [&](std::uint32_t field, Mode mode, Value value) {
    if (mode == Mode::add) {
      edit.add(space, id, field, std::move(value));
    } else {
      edit.set(space, id, field, std::move(value));
    }
  });
}

std::vector<Op> ops_of(const Offer& offer) {
  std::vector<Op> out;
  each_value(offer, [&](std::uint32_t field, Mode mode, Value value) {
    out.push_back({record_id(offer), field, mode, {}, {}, std::move(value)});
  });
  return out;
}

void commit(Replica& replica, const Edit& edit) { (void)or_throw(replica.commit(edit, {}), "commit"); }

std::uint64_t fill(Replica& replica, std::uint64_t n, std::uint32_t seed, std::uint64_t per_commit) {
  const Space space = bench_space(replica);
  OfferGenerator generator{seed};
  std::uint64_t commits = 0;
  for (std::uint64_t done = 0; done < n;) {
    Edit edit = replica.begin();
    for (const auto end = std::min(n, done + per_commit); done < end; ++done) put(edit, space, generator.next());
    commit(replica, edit);
    ++commits;
  }
  return commits;
}

void fill_for_all(Replica& kreis, std::uint32_t seed) {
  constexpr int offers = 1000;
  OfferGenerator generator{seed};
  Edit edit = kreis.begin();
  for (int i = 0; i < offers; ++i) put(edit, kreis.space(kreis_id, Collection::offers), generator.next());
  commit(kreis, edit);
}

bool shows(const Replica& replica, const Offer& offer) {
  const auto record = replica.read(bench_space(replica), record_id(offer));
  if (!record || !record->exists()) return false;
  const auto elements = [&](std::uint32_t field) {
    const FieldView* view = record->field(field);
    return view == nullptr ? std::size_t{0} : view->cells.size();
  };
  return record->text(title) == offer.title && record->text(description) == offer.description &&
         record->text(provider) == offer.provider && record->text(municipality) == offer.municipality &&
         record->number(capacity) == offer.capacity && record->text(status) == offer.status &&
         record->text(valid_until) == offer.valid_until && record->text(contact) == offer.contact &&
         elements(target_groups) == 3 && elements(languages) == 3;
}

void check_some(const Replica& replica, std::uint64_t n, std::uint32_t seed) {
  constexpr std::uint64_t every = 997;
  OfferGenerator generator{seed};
  for (std::uint64_t i = 0; i < n; ++i) {
    const Offer offer = generator.next();
    if (i % every == 0 && !shows(replica, offer)) throw std::runtime_error{"record " + std::to_string(i) + " differs"};
  }
}

}  // namespace kiz::bench
