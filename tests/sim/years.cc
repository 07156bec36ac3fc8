// Growth: year after year of work, each healed and measured, and what a newcomer fetches in the end.
#include <cstdio>

#include "libclient/enrolment.h"
#include "tests/sim/guard.h"

namespace kiz::sim {
namespace {

struct Count : Wire {
  std::uint64_t bytes = 0;
  void sent(ByteView piece) override { bytes += piece.size(); }
};

std::uint64_t bytes_on(const test::MemoryDisk& disk) {
  std::uint64_t out = 0;
  for (const std::string& name : disk.names()) out += disk.read(name).size();
  return out;
}

double kib(std::uint64_t bytes) { return static_cast<double>(bytes) / 1024; }

}  // namespace

Outcome World::run_years(unsigned years) {
  std::printf("year  acknowledged  entries  bodies KiB  store KiB  wire KiB  values dropped\n");
  std::uint64_t bodies_before = 0;
  for (unsigned year = 1; year <= years && outcome_.findings.empty(); ++year) {
    wire_bytes_ = 0;
    const unsigned until = edits_ + plan_.edits;
    while (edits_ < until && outcome_.findings.empty()) step();
    for (const auto& node : nodes_) {  // before anybody's admission ends
      if (node->locked_out || node.get() == &hub() || !hub().replica || !node->replica) continue;
      (void)renew_admission(*hub().replica, node->replica->identity().author, 730);
    }
    if (outcome_.findings.empty()) heal();
    if (!outcome_.findings.empty() || !hub().replica) break;
    Replica& kreis = *hub().replica;
    kreis.core().db().execute("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::uint64_t entries = kreis.figures().entries;
    std::uint64_t bodies = 0;
    if (auto query = kreis.core().db().query("SELECT sum(length(body)) FROM entries"); query.step()) bodies = query.count(0);
    std::printf("%4u  %12zu  %7llu  %10.0f  %9.0f  %8.0f  %14llu\n", year, promises_.size(), static_cast<unsigned long long>(entries),
                kib(bodies), kib(bytes_on(hub().disk)), kib(wire_bytes_), static_cast<unsigned long long>(outcome_.dropped));
    std::fflush(stdout);
    if (year == years) std::printf("bodies of the last year: %.0f KiB\n", kib(bodies - bodies_before));
    bodies_before = bodies;
  }
  if (outcome_.findings.empty()) greet_newcomer();
  if (outcome_.findings.empty()) judge_all();
  return finish();
}

// Another device of the first town joins and fetches all that it may read.
void World::greet_newcomer() {
  Replica& kreis = *hub().replica;
  const auto invite = issue_invite(kreis, nodes_[first_office]->member);
  if (!invite) return find(std::string{"no invite: "} + std::string{name(invite.error().code)});
  const Founding::Place place{"newcomer", nodes_[first_office]->member, {}, {}};
  const auto folder = folder_ / place.name;
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  Node& node = *nodes_.emplace_back(std::make_unique<Node>(nodes_.size(), place, folder, random_.next()));
  node.options.clock_ms = [this, &node] { return wall_ms(node); };
  auto joined = prepare_join(node.options, invite->invite, invite->check, "newcomer");
  if (!joined) return find(std::string{"a newcomer cannot join: "} + std::string{name(joined.error().code)});
  node.replica = std::move(*joined);
  Count wire;
  for (int call = 0; call < 2; ++call) {  // joins, then syncs
    const auto link = Link::dial(node.replica->core(), kreis.core(), wire, now_);
    link->exchange_all(random_, now_);
  }
  node.transport = node.replica->identity().transport;
  std::printf("a newcomer fetches %.0f KiB\n", kib(wire.bytes));
}

}  // namespace kiz::sim
