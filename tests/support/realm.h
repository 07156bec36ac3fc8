// A Kreis and its towns as real replicas on disk that exchange over bytes in memory: for tests of what offices do.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "libclient/enrolment.h"
#include "libclient/peer_talk.h"
#include "libclient/requests.h"
#include "tests/support/temp_dir.h"

namespace kiz::test {

class Realm {
 public:
  /// all: what the options of every replica have in common.
  explicit Realm(std::vector<RealmPlan::Municipality> towns = {{"05554004", "Ahaus"}, {"05554008", "Bocholt"}}, ReplicaOptions all = {})
      : all_(std::move(all)) {
    auto founded = found_realm(options("kreis"), {"Kreis Borken", "05554", std::move(towns), {"127.0.0.1:7411"}, {}, "Kreisknoten"});
    REQUIRE(founded);
    kreis_ = std::move(founded->replica);
  }

  Replica& kreis() { return *kreis_; }

  /// A further office of this town.
  std::unique_ptr<Replica> join(const MemberId& member) {
    auto invite = issue_invite(*kreis_, member);
    REQUIRE(invite);
    return join_with(*invite);
  }
  std::unique_ptr<Replica> join_with(const InviteIssued& invite, std::size_t* bytes = nullptr) {
    const std::string device = "office-" + std::to_string(++offices_);
    auto town = prepare_join(options(device), invite.invite, invite.check, device);
    REQUIRE(town);
    const std::size_t carried = sync(**town);
    if (bytes != nullptr) *bytes = carried;
    REQUIRE((*town)->identity().joined);
    return std::move(*town);
  }

  /// Town and Kreis hold the same afterwards, as far as both may read. The bytes that went over the line.
  std::size_t sync(Replica& town) {
    std::size_t bytes = 0;
    auto caller = PeerTalk::call(town.core(), SteadyTime{0});
    REQUIRE(caller);
    auto answerer = PeerTalk::answer(kreis_->core(), SteadyTime{0});
    const SteadyTime now{1000};
    for (int round = 0; round < 10'000; ++round) {
      const Bytes out = (*caller)->take_output(now), back = answerer->take_output(now);
      if (out.empty() && back.empty()) break;
      bytes += out.size() + back.size();
      if (!out.empty()) answerer->feed(out, now);
      if (!back.empty()) (*caller)->feed(back, now);
    }
    REQUIRE((*caller)->in_sync());
    REQUIRE(answerer->in_sync());
    return bytes;
  }

  /// Keeps the Kreis's folder as it is now, and puts it back.
  void keep_kreis() { reopen_kreis("kreis", "kept"); }
  void put_kreis_back() { reopen_kreis("kept", "kreis"); }

  std::uint64_t now_ms = 1'794'000'000'000;  // 2026-11-06T21:20:00Z, until a test turns it

 private:
  void reopen_kreis(const char* from, const char* to) {
    kreis_.reset();
    std::filesystem::remove_all(folder_.path() / to);
    std::filesystem::copy(folder_.path() / from, folder_.path() / to, std::filesystem::copy_options::recursive);
    auto opened = Replica::open(options("kreis"));
    REQUIRE(opened);
    kreis_ = std::move(*opened);
  }

  ReplicaOptions options(const std::string& name) {
    ReplicaOptions out = all_;
    out.directory = folder_.path() / name;
    out.clock_ms = [this] { return now_ms; };
    return out;
  }

  ReplicaOptions all_;
  TempDir folder_;
  std::unique_ptr<Replica> kreis_;
  int offices_ = 0;
};

/// The answer of one handler, with the parts a test looks at.
struct Asked {
  int exit = 0;
  Json data;
  std::vector<Warning> warnings;
  Refusal refusal;

  bool warned(const std::string& code) const {
    for (const Warning& warning : warnings) {
      if (warning.code == code) return true;
    }
    return false;
  }
};

inline Asked ask(Replica& replica, const std::vector<RequestKind>& kinds, const std::string& request, Json args = Json::object(),
                 bool dry_run = false) {
  const Caller caller{LocalRole::administer, "Frau Beispiel", "en"};
  const Surroundings surroundings;
  RequestContext context{replica, caller, surroundings, args, dry_run};
  for (const RequestKind& kind : kinds) {
    if (kind.name != request) continue;
    Answer answer = kind.handler(context);
    Asked out;
    if (auto* refusal = std::get_if<Refusal>(&answer)) {
      out.refusal = *refusal;
      out.exit = refusal->exit != 0 ? refusal->exit : exit_code(refusal->code);
    } else {
      auto& reply = std::get<Reply>(answer);
      out.exit = reply.exit;
      out.data = std::move(reply.data);
      out.warnings = std::move(reply.warnings);
    }
    return out;
  }
  FAIL("no such request: " << request);
  return {};
}

}  // namespace kiz::test
