// The newest own entries and the end of the control log, noted outside the database and outside backups, so that a
// database put back to an older state shows at the next start, even when it was put back within one life of a program
// that was then killed: the counters of incarnation.h cannot tell that.
//
// Noted after each commit and without a sync: a note that is behind the database says nothing, a note that is ahead of
// it proves that the database has lost something. So a power cut that loses notes does no harm, and a note costs one
// write of some hundred bytes.
//
// The file holds two slots, written in turn, so that a torn one leaves the other:
//   turn 8 | length 4 | tag 16 | canonical bytes of heads and control seq        (numbers little-endian)
// The tag is keyed with the store key: nobody without it makes a store take itself for rolled back, or for whole.
#pragma once

#include <string>
#include <vector>

#include "kiz/ids.h"
#include "kiz/result.h"
#include "libclient/store_key.h"

namespace kiz {

struct LastNote {
  std::vector<Head> heads;  // newest own entry per log, ascending
  Seq control = 0;          // records of the control log

  template <class Archive>
  void serialize(Archive& ar);
};

class LastHeads {
 public:
  static constexpr std::size_t heads_max = 3072;  // logs of one life: own spaces, each counterpart one more

  /// Opens or makes the file (0600). A slot that was torn or is of another key counts as never written.
  /// errors: io_error, no_space
  static Result<LastHeads> open(const std::string& path, const StoreKey& key);
  LastHeads(LastHeads&& other) noexcept;
  LastHeads& operator=(LastHeads&& other) noexcept;
  LastHeads(const LastHeads&) = delete;
  LastHeads& operator=(const LastHeads&) = delete;
  ~LastHeads();

  /// As noted last; empty in a new file.
  const LastNote& last() const { return last_; }

  /// Takes over the newest head of each log named, and the length of the control log; what was noted of other logs stays.
  /// `heads` were committed before this is called. Beyond heads_max logs those noted first stay.
  /// errors: io_error, no_space; the older note stands then
  Result<void> note(const std::vector<Head>& heads, Seq control);
  /// Begins anew: the database has lost what was noted, and that was heeded.
  Result<void> forget(Seq control);

 private:
  LastHeads(int fd, const StoreKey& key);
  Result<void> write(LastNote note);

  int fd_ = -1;
  SecretKey32 key_;
  std::uint64_t turn_ = 0;
  LastNote last_;
};

}  // namespace kiz
