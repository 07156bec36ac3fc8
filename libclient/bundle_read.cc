// Taking a bundle in: first all of it is read and verified, then it is read again and committed as a session would.
#include <algorithm>
#include <map>
#include <set>

#include "libclient/agreement.h"
#include "libclient/bundle_file.h"
#include "libclient/bundle_join.h"
#include "libclient/bundle_memory.h"
#include "libclient/checkpoints.h"
#include "libclient/keyring.h"
#include "libclient/omission.h"
#include "protocol/entry_fields.h"
#include "protocol/limits.h"

namespace kiz {
namespace {

constexpr std::size_t piece_bytes = 256u << 10;
constexpr std::size_t ingest_bytes_soft = 2u << 20;
constexpr std::size_t checkpoints_max = 16;  // of one bundle: each costs a pass over its space
constexpr std::size_t head_tries = 1u << 16;  // signatures of heads that are looked at
constexpr std::size_t missing_logs_max = 4096;  // named; what is missing is counted by logs, of which a sender can invent any number

/// Hands every item of the file to `take`.
template <class Take>
Result<std::uint64_t> each_item(BundleReader& reader, BundleInput& file, Take take) {
  if (auto begun = file.rewind(); !begun) return begun.error();
  Bytes piece(piece_bytes);
  std::uint64_t bytes = 0;
  while (true) {
    auto n = file.read(piece);
    if (!n) return n.error();
    bytes += *n;
    if (bytes > bundle_bytes_max) return Error{Errc::over_limit, "bundle"};
    if (auto fed = *n == 0 ? reader.end_of_file() : reader.feed(ByteView{piece}.first(*n)); !fed) return fed.error();
    while (true) {
      auto item = reader.next();
      if (!item) return item.error();
      if (!*item) break;
      if (auto taken = take(**item); !taken) return taken.error();
    }
    if (*n == 0) return bytes;
  }
}

SecretKey32 own_transport(const ReplicaCore& core) { return core.files().keyring().transport.clone(); }

/// Records that do not continue our control log are no reason to refuse a bundle; gap: those behind one that was left aside.
bool of_another_branch(Errc code) { return code == Errc::fork || code == Errc::control_forked || code == Errc::gap; }

/// Where control log and logs would stand after the bundle, as far as that can be told without taking it in.
class Checking {
 public:
  explicit Checking(ReplicaCore& core) : core_(core), control_(core.control()), reader_(own_transport(core)) {}

  Result<BundleSummary> run(BundleInput& file) {
    auto bytes = each_item(reader_, file, [&](BundleItem& item) { return take(item); });
    if (!bytes) return bytes.error();
    out_.bytes = *bytes;
    return std::move(out_);
  }

 private:
  Result<void> take(BundleItem& item) {
    return std::visit([&](auto& part) { return on(part); }, item);
  }

  Result<void> on(const BundleOpening& opening) {
    auto realm = bundle_join::expected_realm(core_);
    if (!realm) return realm.error();
    if (opening.realm != *realm) return Error{Errc::foreign_realm, "bundle"};
    // Whoever could open it could also seal it anew for others: only whom the sender names is meant.
    if (!std::binary_search(opening.recipients.begin(), opening.recipients.end(), core_.files().transport())) {
      return Error{Errc::wrong_key, "bundle"};
    }
    out_.opening = opening;
    if (opening.control_from > control_.last_seq() + 1) out_.control_missing = true;
    out_.seen_before = bundle_memory::was_read(core_, opening);
    return {};
  }

  Result<void> on(const ControlRecords& part) {
    for (const Bytes& bytes : part.records) {
      ++out_.control_records;
      if (out_.control_missing) continue;
      auto record = decode_control_record(bytes);
      if (!record) return record.error();
      const std::uint64_t epoch = control_.epoch();
      const auto taken = branch_.take(control_, *record, core_.control_fork().has_value());
      if (!taken) {
        if (!of_another_branch(taken.error().code)) return taken.error();
        out_.control_forked = true;  // shown to a person; the data goes on by what is held here
      } else if (control_.epoch() > epoch) {
        out_.control_forked = false;  // the root has decided
      }
    }
    return {};
  }

  Result<void> on(const BundleBase& base) {
    const Space space = base.space.in(control_.realm());
    const SpaceSlot* slot = core_.slot(space);
    for (const Head& head : base.heads) {
      if (slot == nullptr || slot->store.find(head.entry) == 0) miss(head.log);
    }
    return {};
  }

  Result<void> on(const BundleFrontier&) { return {}; }
  Result<void> on(const CheckpointWanted&) { return {}; }
  Result<void> on(const CheckpointSigned&) { return {}; }

  Result<void> on(const BundleRun& part) {
    auto run = wire::decode<Run>(part.bytes);
    if (!run) return run.error();
    ++out_.runs;
    out_.entries += run->entries.size();
    const LogId log = run->log;
    std::optional<AuthorKey> author;
    if (run->genesis) {
      author = run->genesis->author;
      if (born_here_.size() < limits::heads_max) born_here_.emplace(log, *author);
    } else if (const auto at = born_here_.find(log); at != born_here_.end()) {
      author = at->second;
    } else if (const SpaceSlot* slot = core_.slot_of(log)) {
      author = slot->store.log(slot->store.find_log(log)).author;
    } else {
      miss(log);
      return {};
    }
    auto verified = verify_run(std::move(*run), author);
    if (!verified) return verified.error();
    return {};
  }

  Result<void> on(const BundleEnd& end) {
    // An invite names the realm by the hash of its first record: a control log that somebody made up is another realm's.
    if (control_.realm() != out_.opening.realm) return Error{Errc::foreign_realm, "bundle"};
    const Membership membership{control_};
    const Device* sender = membership.device(out_.opening.sender);
    if (sender == nullptr || sender->transport != out_.opening.sender_transport) return Error{Errc::unknown_log, "bundle"};
    if (!crypto::verify(sender->author, bundle_label, reader_.content_hash(), end.signature)) {
      return Error{Errc::bad_signature, "bundle"};
    }
    if (sender->revoked) return Error{Errc::revoked, "bundle"};
    if (auto fits = bundle_join::fits_invite(core_, out_.opening.sender_transport); !fits) return fits.error();
    out_.member = sender->member;
    out_.device = sender->name;
    return {};
  }

  Result<void> on(const BundleJoin& join) {
    out_.kind = BundleKind::join;
    out_.device = join.device;
    for (const IssuedInvite& invite : core_.files().keyring().invites) {
      if (invite.id == join.invite) out_.member = invite.member;
    }
    return {};
  }

  void miss(const LogId& log) {
    if (out_.missing.size() >= missing_logs_max || !missed_.insert(log).second) return;
    out_.missing.push_back(log);
  }

  ReplicaCore& core_;
  ControlLog control_;
  ControlBranch branch_;
  BundleReader reader_;
  std::map<LogId, AuthorKey> born_here_;
  std::set<LogId> missed_;
  BundleSummary out_;
};

class Taking {
 public:
  Taking(ReplicaCore& core, BundleSummary summary) : core_(core), reader_(own_transport(core)) { out_.summary = std::move(summary); }

  Result<BundleTaken> run(BundleInput& file) {
    const std::uint64_t before = entries_held();
    const Seq control_before = core_.control().last_seq();
    auto bytes = each_item(reader_, file, [&](BundleItem& item) { return take(item); });
    if (!bytes) return bytes.error();
    if (auto done = finish(); !done) return done.error();
    out_.entries_new = entries_held() - before;
    out_.control_new = core_.control().last_seq() - control_before;
    return std::move(out_);
  }

 private:
  std::uint64_t entries_held() const {
    auto query = core_.db().query("SELECT coalesce(sum(entries), 0) FROM spaces");
    return query.step() ? query.count(0) : 0;
  }

  Result<void> take(BundleItem& item) {
    if (const auto* opening = std::get_if<BundleOpening>(&item)) {
      // The file may have been exchanged since it was checked; both are good then, but they are two.
      if (!(opening->sender == out_.summary.opening.sender && opening->number == out_.summary.opening.number)) {
        return Error{Errc::bad_signature, bundle_seal_broken};
      }
    } else if (const auto* control = std::get_if<ControlRecords>(&item)) {
      return take_control(*control);
    } else if (auto* frontier = std::get_if<BundleFrontier>(&item)) {
      return join_first([&]() -> Result<void> {
        const Space space = frontier->space.in(core_.control().realm());
        Told& told = frontiers_[space];
        told.heads.insert(told.heads.end(), frontier->heads.begin(), frontier->heads.end());
        told.state_schema = frontier->state_schema;
        told.state = frontier->state;
        return {};
      });
    } else if (auto* wanted = std::get_if<CheckpointWanted>(&item)) {
      if (wanted_.size() < checkpoints_max) wanted_.push_back(std::move(wanted->claim));
    } else if (auto* made = std::get_if<CheckpointSigned>(&item)) {
      if (signed_.size() < checkpoints_max) signed_.push_back(std::move(made->checkpoint));
    } else if (auto* run = std::get_if<BundleRun>(&item)) {
      return join_first([&]() -> Result<void> {
        waiting_bytes_ += run->bytes.size();
        runs_.push_back({runs_.size(), std::move(run->bytes)});
        return waiting_bytes_ < ingest_bytes_soft ? Result<void>{} : ingest();
      });
    }
    return {};
  }

  Result<void> take_control(const ControlRecords& part) {
    if (out_.summary.control_missing) return {};
    auto taken = core_.ingest_control(part.records);
    if (taken || !out_.summary.control_forked || !of_another_branch(taken.error().code)) return taken;
    for (const Bytes& record : part.records) {
      if (core_.note_control_fork(record)) break;
    }
    return {};
  }

  /// The membership comes before the first run: who belongs to no realm takes nothing.
  template <class Next>
  Result<void> join_first(Next next) {
    if (!join_tried_) {
      join_tried_ = true;
      auto joined = bundle_join::take_membership(core_, out_.summary.opening.sender_transport);
      if (!joined) return joined.error();
      out_.joined = *joined;
    }
    return next();
  }

  Result<void> ingest() {
    const auto runs = std::exchange(runs_, {});
    waiting_bytes_ = 0;
    if (runs.empty()) return {};
    auto reports = core_.ingest(runs);
    if (!reports) return reports.error();
    for (const RunReport& report : *reports) {
      // A gap was named when the bundle was checked.
      if (report.refused == Errc::ok || report.refused == Errc::gap) continue;
      ++out_.runs_refused;
      if (out_.refused == Errc::ok) out_.refused = report.refused;
    }
    return {};
  }

  Result<void> finish() {
    if (auto nothing = join_first([]() -> Result<void> { return {}; }); !nothing) return nothing;
    if (auto ingested = ingest(); !ingested) return ingested;
    const TransportKey& sender = out_.summary.opening.sender_transport;
    bool youngest = false;
    auto noted = core_.write([&]() -> Result<void> {
      youngest = bundle_memory::note_read(core_, out_.summary.opening);
      return {};
    });
    if (!noted) return noted;
    std::vector<SignedHead> own;
    std::size_t tries = head_tries;
    for (const auto& [space, told] : frontiers_) {
      std::vector<Head> plain;
      for (const SignedHead& head : told.heads) {
        plain.push_back(head.head);
        if (const SpaceSlot* slot = core_.slot(space)) {
          const LogRef ref = slot->store.find_log(head.head.log);
          if (ref != 0 && slot->store.log(ref).author == core_.files().author()) own.push_back(head);
        }
      }
      remember(space, plain, youngest);
      auto unheld = omission::note_told(core_, space, told.heads, sender, tries);
      if (!unheld) return unheld.error();
      out_.heads_unheld += *unheld;
      if (auto compared = compare_state(space, told, plain); !compared) return compared;
    }
    // Of what it may give to all recipients and says nothing about, it holds nothing.
    for (const SpaceSlot* slot : core_.slots()) {
      const Space& space = slot->store.space();
      if (!frontiers_.contains(space) && all_may_read(space)) remember(space, {}, youngest);
    }
    out_.own_tail_lost = core_.consider_own_heads(own);
    if (auto saved = core_.save_peer_memory(); !saved) return saved;
    if (auto done = take_checkpoints(); !done) return done;
    return bundle_join::note_arrived(core_, out_.summary.opening.sender);
  }

  /// One that is not the youngest may be an old one, or the first of a sender that has lost what it held. The less counts:
  /// what is sent twice costs little, what is never sent again is lost.
  void remember(const Space& space, const std::vector<Head>& heads, bool youngest) {
    const auto believed = youngest ? ReplicaCore::Told::all : ReplicaCore::Told::only_less;
    core_.remember_peer_heads(out_.summary.opening.sender_transport, space, heads, believed);
  }

  bool all_may_read(const Space& space) const {
    const auto may = [&](const TransportKey& each) {
      const Device* device = core_.membership().device(each);
      return device != nullptr && core_.membership().may_read(device->member, space);
    };
    const BundleOpening& opening = out_.summary.opening;
    return may(opening.sender_transport) && std::all_of(opening.recipients.begin(), opening.recipients.end(), may);
  }

  /// After entries and acknowledgements: both sides evaluate what they hold then. What does not fit any more is left aside, as in
  /// a session; it is planned anew some day.
  Result<void> take_checkpoints() {
    const auto fatal = [](Errc code) { return code == Errc::no_space || code == Errc::io_error; };
    if (out_.summary.member == core_.membership().authority()) {
      for (const CheckpointClaim& claim : wanted_) {
        if (auto kept = checkpoints::keep_signed(core_, claim); !kept) return kept;
      }
    }
    for (const Checkpoint& made : signed_) {
      if (auto issued = checkpoints::countersign(core_, made); !issued && fatal(issued.error().code)) return issued.error();
    }
    return {};
  }

  struct Told {
    std::vector<SignedHead> heads;
    std::uint64_t state_schema = 0;
    Hash state;
  };

  /// Both hold the same and see something else: one of them has computed wrongly, and it may have been this one.
  Result<void> compare_state(const Space& space, const Told& told, std::vector<Head> theirs) {
    SpaceSlot* slot = core_.slot(space);
    if (slot == nullptr || told.state_schema != bundle_state_schema || out_.summary.opening.control != core_.control().position()) return {};
    std::sort(theirs.begin(), theirs.end());
    if (slot->heads() != theirs) return {};
    const auto verdict = agreement::compare(core_, *slot, told.state);
    if (!verdict) return verdict.error();
    out_.states_mended += *verdict == agreement::Verdict::mended ? 1u : 0u;
    out_.states_differ += *verdict == agreement::Verdict::differs ? 1u : 0u;
    return agreement::note(core_, space, *verdict, out_.summary.opening.sender_transport);
  }

  ReplicaCore& core_;
  BundleReader reader_;
  std::map<Space, Told> frontiers_;
  std::vector<CheckpointClaim> wanted_;
  std::vector<Checkpoint> signed_;
  std::vector<IncomingRun> runs_;
  std::size_t waiting_bytes_ = 0;
  bool join_tried_ = false;
  BundleTaken out_;
};

}  // namespace

Result<BundleSummary> check_bundle(ReplicaCore& core, BundleInput& file) {
  try {
    return Checking{core}.run(file);
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
}

Result<BundleTaken> read_bundle(ReplicaCore& core, BundleInput& file) {
  auto summary = check_bundle(core, file);
  if (!summary) return summary.error();
  if (summary->kind != BundleKind::exchange) return Error{Errc::malformed, "bundle"};
  try {
    return Taking{core, std::move(*summary)}.run(file);
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
}

}  // namespace kiz
