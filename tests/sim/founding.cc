#include <sodium.h>

#include <memory>

#include "libclient/enrolment.h"
#include "libclient/replica_core.h"
#include "tests/sim/founding.h"
#include "tests/sim/network.h"
#include "tests/sim/node.h"

namespace kiz::sim {
namespace {

constexpr std::uint64_t founding_seed = 0x6b72656973;

test::SeededRandom process_random{founding_seed};

void process_fill(void* out, std::size_t size) { process_random.fill({static_cast<std::uint8_t*>(out), size}); }
std::uint32_t process_draw() { return static_cast<std::uint32_t>(process_random.next() >> 32); }
const char* process_name() { return "kiz-sim"; }

randombytes_implementation process_source{process_name, process_draw, nullptr, nullptr, process_fill, nullptr};

// Every third town has one office, the others two.
MemberId member_of(unsigned office) { return "0555" + std::to_string(4004 + 4 * (office * 2 / 3)); }

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "kiz-sim: the realm cannot be founded: %s\n", what);
  std::abort();
}

struct Silence : Wire {
  void sent(ByteView) override {}
};

std::string hub_folder(std::size_t places) { return "hub-" + std::to_string(places); }

std::string name_of(std::size_t place) {
  return place == hub_place      ? "hub"
        : place == second_place ? "kreis-2"
        : place == land_place   ? "land"
                                : "office-" + std::to_string(place - first_office + 1);
}

}  // namespace

void seed_process(std::uint64_t seed) {
  process_random = test::SeededRandom{seed};
  randombytes_set_implementation(&process_source);
  test::make_sqlite_deterministic(seed);
}

Founding::Founding(unsigned offices) {
  seed_process(founding_seed);
  test::SeededRandom random{founding_seed};
  std::vector<std::unique_ptr<test::MemoryDisk>> disks;
  std::vector<std::unique_ptr<Replica>> replicas;
  const auto options = [&](const std::string& name) {
    disks.push_back(std::make_unique<test::MemoryDisk>("founding-" + name, random.next()));
    ReplicaOptions out;
    out.directory = folder_.path() / "live" / name;
    out.base_vfs = disks.back()->vfs_name();
    out.rename = disks.back()->page_vfs_options().rename;
    out.clock_ms = [] { return start_ms; };
    out.random = [&random](std::span<std::uint8_t> to) { random.fill(to); };
    return out;
  };

  RealmPlan plan{"Kreis Borken", kreis_member, {}, {"127.0.0.1:7411"}, {}, "hub"};
  for (unsigned i = 0; i < offices; ++i) {
    if (i == 0 || member_of(i) != member_of(i - 1)) plan.members.push_back({member_of(i), "Gemeinde " + member_of(i)});
  }
  auto founded = found_realm(options("hub"), plan);
  require(static_cast<bool>(founded), "hub");
  auto sheet = decode_sheet(founded->emergency_sheet);
  require(static_cast<bool>(sheet), "sheet");
  sheet_ = std::move(*sheet);
  replicas.push_back(std::move(founded->replica));
  Replica& hub = *replicas.front();
  require(static_cast<bool>(hub.core().issue(MemberNamed{land_member, "Land", MemberRole::land})), "Land");
  places_.push_back({"hub", kreis_member, hub.identity().transport, {}});
  for (std::size_t place = second_place; place < first_office + offices; ++place) {
    const std::string name = name_of(place);
    const MemberId member = place == second_place ? kreis_member
                            : place == land_place ? land_member
                                                  : member_of(static_cast<unsigned>(place - first_office));
    const auto invite = issue_invite(hub, member);
    require(static_cast<bool>(invite), "invite");
    auto office = prepare_join(options(name), invite->invite, invite->check, name);
    require(static_cast<bool>(office), "office");
    Silence wire;
    auto link = Link::dial((*office)->core(), hub.core(), wire, SteadyTime{0});
    require(link != nullptr, "dial");
    link->exchange_all(random, SteadyTime{0});
    require((*office)->identity().joined, "join");
    places_.push_back({name, member, (*office)->identity().transport, {}});
    link.reset();
    replicas.push_back(std::move(*office));
    if (place < first_office) continue;
    hub_files_[place + 1] = disks.front()->snapshot();
    std::filesystem::copy(folder_.path() / "live" / "hub", folder_.path() / hub_folder(place + 1), std::filesystem::copy_options::recursive);
  }
  replicas.clear();
  for (std::size_t i = 0; i < disks.size(); ++i) places_[i].files = disks[i]->snapshot();
  std::filesystem::rename(folder_.path() / "live", folder_.path() / "founded");
}

Founding::Place Founding::place(std::size_t which, std::size_t places) const {
  Place out = places_[which];
  if (which == hub_place) out.files = hub_files_.at(places);
  return out;
}

std::filesystem::path Founding::lay_out(std::size_t places) const {
  const auto live = folder_.path() / "live";
  std::filesystem::remove_all(live);
  std::filesystem::create_directory(live);
  for (std::size_t i = 0; i < places; ++i) {
    const auto from = i == hub_place ? folder_.path() / hub_folder(places) : folder_.path() / "founded" / places_[i].name;
    std::filesystem::copy(from, live / places_[i].name, std::filesystem::copy_options::recursive);
    std::filesystem::permissions(live / places_[i].name, std::filesystem::perms::owner_all);
  }
  return live;
}

}  // namespace kiz::sim
