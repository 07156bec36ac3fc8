// What a person at this installation must know about its history and its membership, each in one sentence: forks with
// their proof, a restored or copied store, two control logs, unknown devices, missing entries, a membership that ends.
// Computed from what the store holds whenever it is asked for; `kiz status` and `kiz pruefen` show it.
#pragma once

#include <string>
#include <vector>

#include "libclient/requests.h"

namespace kiz {

struct Alarm {
  enum class Grade : std::uint8_t { notice, warning, alarm };
  std::string code;  // "W_...", stable
  Grade grade = Grade::warning;
  std::string text;  // one sentence, and what to do
  Json proof;        // what stands behind it, for an auditor; null where there is nothing to show
  std::string device = {};  // "G-2", where it is about one and something can be done with it
};

/// The most serious first.
std::vector<Alarm> alarms(const Replica& replica);
Json alarms_json(const std::vector<Alarm>& alarms);

/// Two branches of a log, each proven by its author's signature over its newest entry.
struct ForkProof {
  Space space;
  LogId log;
  AuthorKey author;
  Seq last_shared = 0;
  std::uint64_t newest_ms = 0;  // when the youngest of these entries was written, by its author's clock
  struct SignedBranch {
    Head head;
    Signature signature;
  };
  std::vector<SignedBranch> branches;
};
std::vector<ForkProof> fork_proofs(const Replica& replica);
Json fork_json(const Replica& replica, const ForkProof& fork);

/// Entries that some held entry lists as seen by its author, and that are not here.
struct MissingHead {
  Space space;
  Head head;
};
std::vector<MissingHead> missing_heads(const Replica& replica);

/// Devices of our own member, admitted since this one, that nobody here has confirmed.
std::vector<AuthorKey> unknown_devices(const Replica& replica);
/// A person here knows this device. errors: not_found, no_space, io_error
Result<void> confirm_device(Replica& replica, const AuthorKey& device);

/// Days until this device's admission to sessions ends; negative when it has ended. Empty: no membership.
std::optional<std::int64_t> days_of_membership(const Replica& replica);

}  // namespace kiz
