#include "libclient/bundle_dump.h"

#include "libclient/months.h"
#include "libclient/translate.h"

namespace kiz {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

Json head_json(const Head& head) {
  return {{"log", to_hex(head.log)}, {"seq", head.seq}, {"entry", to_hex(head.entry)}};
}

Json space_json(const SpaceName& space) {
  return {{"owner", space.owner},
          {"collection", static_cast<std::uint32_t>(space.collection)},
          {"counterpart", space.counterpart}};
}

/// What stands in a bundle, item by item; a reader of its own has the same to say
/// (tests/vectors/bundle/read_bundle.py).
class Dump {
 public:
  Result<Json> run(const SecretKey32& own, BundleInput& file) {
    BundleReader reader{own};
    Bytes piece(piece_bytes);
    for (std::size_t n = 1; n != 0;) {
      auto read = file.read(piece);
      if (!read) return read.error();
      n = *read;
      if (auto fed = n == 0 ? reader.end_of_file() : reader.feed(ByteView{piece}.first(n)); !fed) return fed.error();
      while (true) {
        auto item = reader.next();
        if (!item) return item.error();
        if (!*item) break;
        if (items_.size() == items_max)
          return Error{Errc::over_limit, tr("There are more pieces in it than can be shown. Nothing was changed.")};
        std::visit([&](const auto& part) { items_.push_back(json(part)); }, **item);
      }
    }
    const BundleOutside& outside = *reader.outside();
    return Json{{"outside",
                 {{"suite", outside.suite},
                  {"kind", outside.kind == BundleKind::exchange ? "exchange" : "join"},
                  {"recipients", outside.recipients},
                  {"ephemeral", to_hex(outside.ephemeral)},
                  {"hash", to_hex(outside.hash)}}},
                {"items", std::move(items_)}};
  }

 private:
  static constexpr std::size_t items_max = 100'000;

  static Json json(const BundleOpening& part) {
    Json recipients = Json::array();
    for (const TransportKey& recipient : part.recipients) recipients.push_back(to_hex(recipient));
    return {
        {"part", "opening"},
        {"realm", to_hex(part.realm)},
        {"sender", to_hex(part.sender)},
        {"sender_transport", to_hex(part.sender_transport)},
        {"number", part.number},
        {"made", months::instant(part.made_ms)},
        {"builds_on", part.builds_on},
        {"whole", part.whole},
        {"recipients", std::move(recipients)},
        {"control_from", part.control_from},
        {"control", {{"epoch", part.control.epoch}, {"seq", part.control.seq}, {"hash", to_hex(part.control.hash)}}}};
  }
  static Json json(const ControlRecords& part) {
    Json records = Json::array();
    for (const Bytes& record : part.records) records.push_back(to_hex(record));
    return {{"part", "control"}, {"records", std::move(records)}};
  }
  static Json json(const BundleBase& part) {
    Json heads = Json::array();
    for (const Head& head : part.heads) heads.push_back(head_json(head));
    return {{"part", "base"}, {"space", space_json(part.space)}, {"heads", std::move(heads)}};
  }
  static Json json(const BundleFrontier& part) {
    Json heads = Json::array();
    for (const SignedHead& head : part.heads) {
      heads.push_back(head_json(head.head));
      heads.back()["signature"] = to_hex(head.signature);
    }
    return {{"part", "frontier"},
            {"space", space_json(part.space)},
            {"state", to_hex(part.state)},
            {"heads", std::move(heads)}};
  }
  static Json claim_json(const CheckpointClaim& claim) {
    Json heads = Json::array();
    for (const CheckpointHead& named : claim.heads) {
      heads.push_back(head_json(named.head));
      heads.back()["author"] = to_hex(named.author);
    }
    return {{"space", space_json(SpaceName::of(claim.space))}, {"schema", claim.schema}, {"state", to_hex(claim.state)}, {"heads", std::move(heads)}};
  }
  static Json json(const CheckpointWanted& part) { return {{"part", "checkpoint_wanted"}, {"claim", claim_json(part.claim)}}; }
  static Json json(const CheckpointSigned& part) {
    return {{"part", "checkpoint_signed"},
            {"claim", claim_json(part.checkpoint.claim)},
            {"signer", to_hex(part.checkpoint.signer)},
            {"signature", to_hex(part.checkpoint.signature)}};
  }
  static Json json(const BundleRun& part) {
    return {{"part", "run"}, {"bytes", part.bytes.size()}, {"run", to_hex(part.bytes)}};
  }
  static Json json(const BundleEnd& part) {
    return {{"part", "end"}, {"messages", part.messages}, {"signature", to_hex(part.signature)}};
  }
  static Json json(const BundleJoin& part) {
    return {{"part", "join"},
            {"invite", to_hex(part.invite)},
            {"author", to_hex(part.author)},
            {"transport", to_hex(part.transport)},
            {"device", part.device},
            {"proof", to_hex(part.proof)},
            {"signature", to_hex(part.signature)}};
  }

  Json items_ = Json::array();
};

}  // namespace

Result<Json> dump_bundle(const SecretKey32& own, BundleInput& file) { return Dump{}.run(own, file); }

}  // namespace kiz
