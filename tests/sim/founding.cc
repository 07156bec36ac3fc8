#include <sodium.h>

#include "libclient/enrolment.h"
#include "tests/sim/world.h"

namespace kiz::sim {
namespace {

constexpr std::uint64_t founding_seed = 0x6b72656973;
constexpr const char* authority = "05554";

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

  RealmPlan plan{"Kreis Borken", authority, {}, {"127.0.0.1:7411"}, {}, "hub"};
  for (unsigned i = 0; i < offices; ++i) {
    if (i == 0 || member_of(i) != member_of(i - 1)) plan.members.push_back({member_of(i), "Gemeinde " + member_of(i)});
  }
  places_.push_back({"hub", authority, {}});
  auto founded = found_realm(options("hub"), plan);
  require(static_cast<bool>(founded), "hub");
  replicas.push_back(std::move(founded->replica));
  Replica& hub = *replicas.front();
  for (unsigned i = 0; i < offices; ++i) {
    const std::string name = "office-" + std::to_string(i + 1);
    const auto invite = issue_invite(hub, member_of(i));
    require(static_cast<bool>(invite), "invite");
    auto office = prepare_join(options(name), invite->invite, invite->check, name);
    require(static_cast<bool>(office), "office");
    Silence wire;
    auto connection = Connection::dial((*office)->core(), hub.core(), wire, SteadyTime{0});
    require(connection != nullptr, "dial");
    for (connection->collect(SteadyTime{0}); !connection->silent(); connection->collect(SteadyTime{0})) {
      connection->deliver(Connection::End::hub, SIZE_MAX, random, SteadyTime{0});
      connection->deliver(Connection::End::office, SIZE_MAX, random, SteadyTime{0});
    }
    require((*office)->identity().joined, "join");
    places_.push_back({name, member_of(i), {}});
    connection.reset();
    replicas.push_back(std::move(*office));
  }
  replicas.clear();
  for (std::size_t i = 0; i < disks.size(); ++i) places_[i].files = disks[i]->snapshot();
  std::filesystem::rename(folder_.path() / "live", folder_.path() / "founded");
}

std::filesystem::path Founding::lay_out() const {
  const auto live = folder_.path() / "live";
  std::filesystem::remove_all(live);
  std::filesystem::copy(folder_.path() / "founded", live, std::filesystem::copy_options::recursive);
  for (const Place& place : places_) std::filesystem::permissions(live / place.name, std::filesystem::perms::owner_all);
  return live;
}

}  // namespace kiz::sim
