// Notes beside the database of what is being taken in, so that what the program fails on is known when it starts again. Not
// part of a backup. Names are opaque: guarded_intake.cc says what they stand for.
//
// A program that was killed, or whose machine lost power, says nothing about the entries it was busy with. So the note has
// a mark, set only by a handler of the signals with which a program ends by its own fault (an assertion, a wild pointer, a
// watchdog that waited in vain). Nothing is synced: what a process has written outlives its own end, and a power cut that
// takes the note does no harm. It costs two writes of some ten bytes for each transaction of runs.
//
//   mark 1 (0 idle, 1 under way, 2 failed) | length 4, little-endian | canonical bytes of the two sets of names
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"

namespace kiz {

class IntakeGuard {
 public:
  static constexpr std::size_t names_max = 1024;  // of one transaction: a window holds no more runs

  struct Note {
    std::vector<Hash> under_way;  // ascending
    std::vector<Hash> suspects;   // ascending; the program has failed once while they were under way

    template <class Archive>
    void serialize(Archive& ar);
  };

  /// Opens or makes the file (0600). Bytes that are no note count as none. errors: io_error, no_space
  static Result<IntakeGuard> open(const std::string& path);
  IntakeGuard(IntakeGuard&& other) noexcept;
  IntakeGuard& operator=(IntakeGuard&& other) noexcept;
  IntakeGuard(const IntakeGuard&) = delete;
  IntakeGuard& operator=(const IntakeGuard&) = delete;
  ~IntakeGuard();

  /// What was under way when the program that held the store before failed; empty where it did not.
  const std::vector<Hash>& failed_on() const { return failed_on_; }
  bool is_suspect(const Hash& name) const;
  bool has_suspects() const { return !note_.suspects.empty(); }
  /// From now on these are taken one by one. Beyond names_max those that are known stay.
  void suspect(const std::vector<Hash>& names);
  void acquit_all();

  /// Best effort: where the disk does not take the note, a failure finds no culprit, and nothing else is lost.
  void begin(const std::vector<Hash>& names);
  void end();
  /// What begin() was called with last.
  const std::vector<Hash>& under_way() const { return note_.under_way; }

 private:
  explicit IntakeGuard(int fd) : fd_{fd} {}
  void write(std::uint8_t mark);

  int fd_ = -1;
  Note note_;
  std::vector<Hash> failed_on_;
};

/// For programs of their own, at their start: when this process ends by a fault of its own while runs are being taken in,
/// the note is marked, then the signal does what it did before.
void mark_own_failures();

}  // namespace kiz
