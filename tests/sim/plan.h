// What a run is made of: how large its world is and which faults meet it, each with a dial.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiz::sim {

enum class Fault : unsigned {
  cut,        // connections end at any byte
  delay,      // what was sent arrives later, in pieces
  partition,  // two sides do not hear each other, or only one hears
  pause,      // a machine sleeps with its connections open
  power,      // power goes at any write: unsynced sectors torn, lost, reordered
  io,         // a read, a write or a sync fails
  full,       // the disk is full, and has room again
  rot,        // a bit of a file flips
  misdirect,  // a write lands on a neighbouring page
  clock,      // jumps of up to ten years either way, and a drift of 1 %
  backup,     // an office is put back from a backup of days ago
  clone,      // a running machine is copied, both go on
  revoke,     // a device is lost, or was in bad hands before it was locked out
  expiry,     // an admission ends, and is renewed in the end
  bundles,    // some offices have no network: files carry what they write
  hub_old,    // the Kreis node is put back to three days ago
  hub_lost,   // the Kreis node burns down and is rebuilt from its sheet and its members
  hostile,    // a peer hands in forged, changed, replayed and equivocating runs, and garbage in its connections
  prune,      // no fault: the Kreis asks for checkpoints, and machines drop what they let go
  versions,   // some machines run the program before this one
};
inline constexpr std::size_t fault_count = 20;
inline constexpr std::array<std::string_view, fault_count> fault_names{
    "cut",  "delay",  "partition", "pause",   "power", "io",       "full",    "rot",      "misdirect", "clock",
    "backup", "clone", "revoke",    "expiry",  "bundles",  "hub_old", "hub_lost", "hostile", "prune",     "versions"};

/// How often a fault happens: 0 never, 1 as usual, larger is oftener. What breaks a whole machine happens once a run.
using Dials = std::array<unsigned, fault_count>;

struct Plan {
  unsigned offices = 0;  // beside the hub, the second device of the Kreis and the Land; 0: drawn, 3 to 24
  unsigned edits = 0;    // before all is healed; 0: drawn, 500 to 3,000
  unsigned days = 30;
  bool drawn = true;  // each seed draws its faults; false: exactly `dials`
  Dials dials{};
  bool disks_lie = false;  // they say that they have synced and have not: what the simulator must find
};

/// "cut,power=3". Empty string: none. False: a name that is none, or no number.
bool read_dials(const std::string& list, Dials& out);
std::string write_dials(const Dials& dials);

}  // namespace kiz::sim
