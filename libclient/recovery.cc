#include "libclient/recovery.h"

#include "libclient/keyring.h"
#include "libclient/replica_core.h"

namespace kiz {
namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;

}  // namespace

Result<std::unique_ptr<Replica>> begin_restore(ReplicaOptions options, const EmergencySheet& sheet, const RestorePlan& plan) {
  auto replica = Replica::create(std::move(options), plan.device);
  if (!replica) return replica.error();
  StoreFiles& files = (*replica)->core().files();
  KeyringContents& ring = files.keyring();
  ring.transport = kreis_transport(sheet.root);
  ring.pair_secret = pair_secret(sheet.root);
  ring.recovering = sheet.realm;
  ring.own_addresses = plan.addresses;
  ring.listen = plan.listen;
  if (auto saved = files.save_keyring(); !saved) return saved.error();
  return replica;
}

bool is_restoring(const Replica& replica) { return const_cast<Replica&>(replica).core().files().keyring().recovering.has_value(); }

Result<EpochOpening> look_at_new_epoch(const Replica& replica, const EmergencySheet& sheet, std::optional<Seq> last_good) {
  const ReplicaCore& core = const_cast<Replica&>(replica).core();
  const KeyringContents& ring = core.files().keyring();
  if (!ring.recovering && core.files().issuing_key() == nullptr) return Error{Errc::not_permitted, "issuing key"};
  if (core.realm() != sheet.realm) return Error{Errc::foreign_realm, "emergency sheet"};
  const ControlLog& control = core.control();
  if (control.empty()) return Error{Errc::gap, "control log"};
  if (sheet.signing().author() != control.root()) return Error{Errc::wrong_key, "emergency sheet"};
  EpochOpening out;
  out.last_good = last_good.value_or(control.last_seq());
  if (out.last_good == 0 || out.last_good > control.last_seq()) return Error{Errc::invalid_input, "last good record"};
  const auto fork = core.control_fork();
  out.epoch = std::max(control.epoch(), fork ? fork->epoch : 0) + 1;
  out.closed = control.last_seq() - out.last_good;
  const Device* own = core.own_device();
  out.device_granted = own == nullptr || own->granted_at > out.last_good;
  return out;
}

Result<EpochOpening> open_new_epoch(Replica& replica, const EmergencySheet& sheet, std::optional<Seq> last_good) {
  auto out = look_at_new_epoch(replica, sheet, last_good);
  if (!out) return out;
  ReplicaCore& core = replica.core();
  KeyringContents& ring = core.files().keyring();
  // The new key is kept before it is certified: a certified key that was lost would need another epoch.
  std::optional<SecretKey32> before;
  if (ring.issuing_seed) before = ring.issuing_seed->clone();
  ring.issuing_seed.emplace();
  replica.random(ring.issuing_seed->writable());
  if (!ring.pair_secret) ring.pair_secret = pair_secret(sheet.root);
  if (auto saved = core.files().save_keyring(); !saved) return saved.error();

  std::vector<ControlBody> then;
  if (out->device_granted) {
    DeviceGranted own;
    own.author = core.files().author();
    own.transport = core.files().transport();
    own.member = core.membership().authority();
    own.rights = rights_of_the_kreis;
    own.device = core.files().device_name();
    own.admitted_until_ms = core.now_ms() + 10 * 365 * day_ms;
    then.emplace_back(own);
  }
  auto opened = core.open_epoch(sheet.signing(), out->last_good, then);
  if (!opened) {
    ring.issuing_seed = std::move(before);
    if (auto saved = core.files().save_keyring(); !saved) return saved.error();
    return opened.error();
  }
  ring.recovering.reset();
  if (auto saved = core.files().save_keyring(); !saved) return saved.error();
  return out;
}

}  // namespace kiz
