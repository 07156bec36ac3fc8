// A realm of two on disk: the Kreis, and one town that has joined. The records of offers.h live in an extension
// collection of the Kreis that both may read: 14 fields, each mergeable by itself, two of them sets, `status` a
// multi-value, the others registers; the same calls, commit path, rights and log as everything else.
#pragma once

#include <memory>
#include <stdexcept>

#include "kiz/replica.h"
#include "libclient/peer_talk.h"
#include "protocol/operation.h"
#include "tests/bench/harness.h"

namespace kiz::bench {

inline constexpr auto kreis_id = "05554";
inline constexpr auto town_id = "05554004";

/// The field numbers of the extension, in the order of Offer.
enum OfferField : std::uint32_t {
  title = 1,
  description,
  provider,
  field_of_action,
  stage,
  target_groups,
  languages,
  municipality,
  capacity,
  status,
  valid_from,
  valid_until,
  contact,
};
inline constexpr std::uint32_t offer_kind = 1'000'000;  // an extension's

struct Folders {
  std::filesystem::path kreis;
  std::filesystem::path town;
};

/// Founds the realm in two folders below `parent` and lets the town join. Both stores are closed afterwards.
Folders found_two(const std::filesystem::path& parent);

/// The same in steps, so that thousands of devices can be made in several processes: the Kreis with a realm of these members
/// and nobody admitted; a device that is not admitted yet; its admission, which gives the device's key to the pair; what the
/// device must take in then.
std::unique_ptr<Replica> found_kreis(const std::filesystem::path& parent, const std::vector<MemberId>& members);
struct DeviceKeys {
  AuthorKey author;
  TransportKey transport;
};
std::unique_ptr<Replica> make_device(const std::filesystem::path& folder, const TransportKey& kreis, std::optional<int> cache_kib = {});
DeviceKeys keys_of(Replica& device);
/// What a pair's two sides would have from an invite.
SecretKey32 pair_key(const TransportKey& device);
void admit_all(Replica& kreis, const std::vector<std::pair<MemberId, DeviceKeys>>& devices);
std::vector<Bytes> control_records(Replica& kreis);
void take_control(Replica& device, const std::vector<Bytes>& records);

/// A Kreis and one device for each of `devices`, which are members' ids; the Kreis's own may be among them. Folders in that
/// order, the Kreis node's first. The pairs get their keys from here instead of from check numbers, which would be stretched
/// for a tenth of a second each; each device's first contact is as any later one.
std::vector<std::filesystem::path> found_many(const std::filesystem::path& parent, const std::vector<MemberId>& devices);
/// The ids of that many towns.
std::vector<MemberId> town_ids(unsigned count);

/// The two talk in memory, until both know that they hold the same. Returns the bytes that went to and fro.
std::uint64_t talk(Replica& kreis, Replica& town);
template <class Talk>
std::uint64_t talk(Replica& kreis, Talk& caller) {
  SteadyTime now{};
  const auto answerer = PeerTalk::answer(kreis.core(), now);
  std::uint64_t bytes = 0;
  for (bool quiet = false; !quiet;) {
    now += std::chrono::milliseconds{1};
    const Bytes to_kreis = caller.take_output(now);
    answerer->feed(to_kreis, now);
    const Bytes to_town = answerer->take_output(now);
    caller.feed(to_town, now);
    bytes += to_kreis.size() + to_town.size();
    quiet = to_kreis.empty() && to_town.empty();
  }
  if (!caller.in_sync() || !answerer->in_sync()) throw std::runtime_error{"both ends do not hold the same"};
  return bytes;
}

/// Opens a store or throws.
std::unique_ptr<Replica> open_replica(const std::filesystem::path& folder, std::optional<int> cache_kib = {});

/// Where the records live.
Space bench_space(const Replica& replica);
RecordId record_id(const Offer& offer);
void put(Edit& edit, const Space& space, const Offer& offer);
std::vector<Op> ops_of(const Offer& offer);
/// Commits or throws.
void commit(Replica& replica, const Edit& edit);
/// The records of the generator, `per_commit` in each edit. Returns the number of commits.
std::uint64_t fill(Replica& replica, std::uint64_t n, std::uint32_t seed, std::uint64_t per_commit);

/// 1,000 offers of the Kreis, which every town reads.
void fill_for_all(Replica& kreis, std::uint32_t seed);

/// True if the replica shows this very record.
bool shows(const Replica& replica, const Offer& offer);
/// Compares every 997th of the generator's n records; throws when one differs.
void check_some(const Replica& replica, std::uint64_t n, std::uint32_t seed);

}  // namespace kiz::bench
