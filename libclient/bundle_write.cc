// What goes into a bundle: the control records, heads and runs that its recipients lack and all of them may read.
#include <algorithm>
#include <set>

#include "libclient/bundle_file.h"
#include "libclient/bundle_memory.h"
#include "libclient/checkpoints.h"
#include "libclient/peer_source.h"
#include "protocol/limits.h"

namespace kiz {
namespace {

constexpr std::size_t run_bytes_target = 512u << 10;
constexpr std::size_t control_bytes_target = 256u << 10;

class Writing {
 public:
  Writing(ReplicaCore& core, const BundleOrder& order, const BundleSink& sink) : core_(core), order_(order), sink_(sink) {}

  Result<BundleWritten> run() {
    if (core_.own_device() == nullptr) return Errc::not_set_up;
    if (auto known = take_recipients(); !known) return known.error();
    choose_spaces();
    auto number = bundle_memory::next_number(core_);
    if (!number) return number.error();
    out_.number = *number;
    plan();
    if (auto begun = begin(); !begun) return begun.error();
    if (auto added = add_control(); !added) return added.error();
    if (auto added = add_bases(); !added) return added.error();
    if (auto added = add_frontiers(); !added) return added.error();
    if (auto added = add_checkpoints(); !added) return added.error();
    if (auto added = add_runs(); !added) return added.error();
    writer_->finish(core_.files().signing(), bytes_);
    if (auto passed = pass_on(); !passed) return passed.error();
    if (auto kept = remember(); !kept) return kept.error();
    return out_;
  }

 private:
  struct Planned {
    const SpaceSlot* slot;
    Head head;
    Point after;
  };

  Result<void> take_recipients() {
    recipients_ = order_.recipients;
    std::sort(recipients_.begin(), recipients_.end());
    recipients_.erase(std::unique(recipients_.begin(), recipients_.end()), recipients_.end());
    if (recipients_.empty() || recipients_.size() > bundle_recipients_max) return Error{Errc::over_limit, "recipients"};
    for (const TransportKey& recipient : recipients_) {
      const Device* device = core_.membership().device(recipient);
      if (device == nullptr || device->revoked) return Error{Errc::not_found, "recipient"};
      sources_.emplace_back(core_, recipient);
    }
    return {};
  }

  void choose_spaces() {
    for (SpaceSlot* slot : core_.slots()) {
      if (slot->heads().empty()) continue;
      const auto may = [&](const PeerSource& source) { return source.is_shared(slot->store.space()); };
      if (std::all_of(sources_.begin(), sources_.end(), may)) {
        slots_.push_back(slot);
      } else if (std::any_of(sources_.begin(), sources_.end(), may)) {
        ++out_.spaces_left_out;
      }
    }
    out_.spaces = slots_.size();
  }

  /// Where what this recipient holds leaves the way to `head`; seq 0: nothing of it is known to be held.
  Point held_by(const TransportKey& recipient, const SpaceSlot& slot, const Head& head) {
    const PeerMemory::LogKey key{slot.store.number(), slot.store.find_log(head.log)};
    const auto point = [&](const PeerMemory::Mark& mark) -> Point {
      const History& history = slot.merge.history();
      const Place place = history.held(mark.entry), tip = history.held(head.entry);
      if (!place || !tip || place.log != tip.log) return {};
      const Seq shared = history.last_shared(place, tip);
      if (shared == 0) return {};
      const auto hash = sources_.front().hash_at(head.log, shared, head.entry);
      return hash ? Point{shared, *hash} : Point{};
    };
    Point out;
    if (const auto* marks = core_.peers().of(recipient)) {
      if (const auto at = marks->find(key); at != marks->end()) out = point(at->second);
    }
    if (!order_.since_last) return out;
    const auto sent = bundle_memory::sent(core_, recipient, key);
    if (!sent) return out;
    const Point later = point(sent->mark);
    if (later.seq <= out.seq) return out;
    builds_on_ = std::max(builds_on_, sent->number);
    return later;
  }

  void plan() {
    for (const SpaceSlot* slot : slots_) {
      for (const Head& head : slot->heads()) {
        Point after;
        for (std::size_t i = 0; i < recipients_.size() && !order_.whole; ++i) {
          const Point held = held_by(recipients_[i], *slot, head);
          if (i == 0 || held.seq < after.seq) after = held;
        }
        planned_.push_back({slot, head, after});
      }
    }
    control_from_ = 1;
    if (order_.whole) return;
    std::optional<Seq> held;
    for (const TransportKey& recipient : recipients_) {
      const Seq known = bundle_memory::control_held(core_, recipient);
      held = std::min(held.value_or(known), known);
    }
    control_from_ = *held + 1;
  }

  Result<void> pass_on() {
    out_.bytes += bytes_.size();
    if (out_.bytes > bundle_bytes_max) return Error{Errc::over_limit, "bundle"};
    auto passed = sink_(bytes_);
    bytes_.clear();
    return passed;
  }

  Result<void> begin() {
    BundleOpening opening;
    opening.realm = core_.control().realm();
    opening.sender = core_.files().author();
    opening.sender_transport = core_.files().transport();
    opening.number = out_.number;
    opening.made_ms = core_.now_ms();
    opening.builds_on = out_.builds_on = builds_on_;
    opening.whole = order_.whole;
    opening.recipients = recipients_;
    opening.control_from = control_from_;
    opening.control = core_.control().position();
    BundleSecrets fresh;
    core_.random(fresh.ephemeral.writable());
    core_.random(fresh.file_key.writable());
    auto writer = BundleWriter::begin(opening, fresh, bytes_);
    if (!writer) return writer.error();
    writer_.emplace(std::move(*writer));
    return pass_on();
  }

  Result<void> add_control() {
    for (Seq next = control_from_; next <= core_.control().last_seq();) {
      ControlRecords part{sources_.front().control_records(next, control_bytes_target)};
      next += part.records.size();
      out_.control_records += part.records.size();
      writer_->add(static_cast<std::uint32_t>(MessageKind::control_records), encode_message(part).body, bytes_);
      if (auto passed = pass_on(); !passed) return passed;
    }
    return {};
  }

  template <class Part, class Item>
  Result<void> add_parts(Part part, std::vector<Item> items, std::size_t max) {
    std::sort(items.begin(), items.end());
    for (std::size_t from = 0; from < items.size(); from += max) {
      const auto first = items.begin() + static_cast<std::ptrdiff_t>(from);
      part.heads.assign(first, first + static_cast<std::ptrdiff_t>(std::min(max, items.size() - from)));
      writer_->add(part, bytes_);
      if (auto passed = pass_on(); !passed) return passed;
    }
    return {};
  }

  Result<void> add_bases() {
    for (const SpaceSlot* slot : slots_) {
      std::vector<Head> heads;
      for (const Planned& planned : planned_) {
        if (planned.slot != slot || planned.after.seq == 0) continue;
        heads.push_back({planned.head.log, planned.after.seq, planned.after.entry});
      }
      std::sort(heads.begin(), heads.end());
      heads.erase(std::unique(heads.begin(), heads.end()), heads.end());
      if (auto added = add_parts(BundleBase{SpaceName::of(slot->store.space()), {}}, std::move(heads), limits::frontier_part_heads_max); !added) return added;
    }
    return {};
  }

  Result<void> add_frontiers() {
    for (SpaceSlot* slot : slots_) {
      std::vector<SignedHead> heads = sources_.front().signed_heads(slot->store.space());
      const BundleFrontier part{SpaceName::of(slot->store.space()), bundle_state_schema, core_.state_hash(*slot), {}};
      if (auto added = add_parts(part, std::move(heads), limits::own_heads_max); !added) return added;
    }
    return {};
  }

  /// As the Kreis, what a recipient should sign; as a town, what was signed. Of spaces that all recipients may read.
  Result<void> add_checkpoints() {
    std::set<MemberId> members;
    for (const TransportKey& recipient : recipients_) members.insert(core_.membership().device(recipient)->member);
    const MemberId& authority = core_.membership().authority();
    const auto is_in = [&](const Space& space) {
      return std::any_of(slots_.begin(), slots_.end(), [&](const SpaceSlot* slot) { return slot->store.space() == space; });
    };
    const auto add = [&](const Message& message) {
      writer_->add(static_cast<std::uint32_t>(message.kind), message.body, bytes_);
      return pass_on();
    };
    for (const MemberId& member : members) {
      if (member == authority) continue;
      for (CheckpointClaim& claim : checkpoints::due(core_, member)) {
        if (!is_in(claim.space)) continue;
        if (auto added = add(encode_message(CheckpointWanted{std::move(claim)})); !added) return added;
      }
    }
    if (!members.contains(authority)) return {};
    for (Checkpoint& made : checkpoints::kept_signed(core_)) {
      if (!is_in(made.claim.space)) continue;
      if (auto added = add(encode_message(CheckpointSigned{std::move(made)})); !added) return added;
    }
    return {};
  }

  Result<void> add_runs() {
    for (const Planned& planned : planned_) {
      for (Point after = planned.after; after.seq < planned.head.seq;) {
        auto piece = sources_.front().read_run(planned.head.log, after, planned.head.entry, run_bytes_target);
        if (!piece) return piece.error();
        out_.entries += piece->last.seq - after.seq;
        ++out_.runs;
        writer_->add(static_cast<std::uint32_t>(MessageKind::run), piece->bytes, bytes_);
        if (auto passed = pass_on(); !passed) return passed;
        after = {piece->last.seq, piece->last.entry};
      }
    }
    return {};
  }

  Result<void> remember() {
    return core_.write([&]() -> Result<void> {
      for (const TransportKey& recipient : recipients_) {
        bundle_memory::note_written(core_, recipient, out_.number);
        for (const Planned& planned : planned_) {
          bundle_memory::note_sent(core_, recipient, {planned.slot->store.number(), planned.slot->store.find_log(planned.head.log)},
                                   {planned.head.seq, planned.head.entry});
        }
      }
      return {};
    });
  }

  ReplicaCore& core_;
  const BundleOrder& order_;
  const BundleSink& sink_;
  std::vector<TransportKey> recipients_;
  std::vector<PeerSource> sources_;
  std::vector<SpaceSlot*> slots_;
  std::vector<Planned> planned_;
  Seq control_from_ = 1;
  std::uint64_t builds_on_ = 0;
  std::optional<BundleWriter> writer_;
  Bytes bytes_;
  BundleWritten out_;
};

}  // namespace

Result<BundleWritten> write_bundle(ReplicaCore& core, const BundleOrder& order, const BundleSink& sink) {
  try {
    return Writing{core, order, sink}.run();
  } catch (const SqlFailure& failure) {
    return failure.error();
  }
}

}  // namespace kiz
