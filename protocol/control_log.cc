#include "protocol/control_log.h"

#include <algorithm>

#include "protocol/checkpoint_fields.h"
#include "protocol/limits.h"
#include "protocol/mutants.h"
#include "protocol/wire.h"

namespace kiz {
namespace {
constexpr char record_label[] = "kiz-sync control v1";
constexpr char signature_label[] = "kiz-sync control signature v1";
constexpr char certificate_label[] = "kiz-sync issuing key v1";
constexpr std::size_t name_bytes_max = 800;  // 200 characters of four bytes
constexpr std::size_t cut_bytes_min = 32 + 1 + 32 + 1;

auto member_field(MemberId& id) { return wire::text(id, limits::member_id_bytes_max); }
}  // namespace

template <class Archive>
void Cut::serialize(Archive& ar) {
  ar(cereal::make_nvp("log", log), cereal::make_nvp("seq", seq), cereal::make_nvp("head", head), cereal::make_nvp("fork", fork));
}
template <class Archive>
void RealmFounded::serialize(Archive& ar) {
  ar(cereal::make_nvp("root", root), cereal::make_nvp("issuing", issuing), cereal::make_nvp("certificate", certificate),
     cereal::make_nvp("name", wire::text(name, name_bytes_max)), cereal::make_nvp("authority", member_field(authority)));
}
template <class Archive>
void MemberNamed::serialize(Archive& ar) {
  ar(cereal::make_nvp("id", member_field(id)), cereal::make_nvp("name", wire::text(name, name_bytes_max)),
     cereal::make_nvp("role", wire::known(role, MemberRole::land)));
}
template <class Archive>
void DeviceGranted::serialize(Archive& ar) {
  ar(cereal::make_nvp("author", author), cereal::make_nvp("transport", transport),
     cereal::make_nvp("member", member_field(member)), cereal::make_nvp("rights", rights),
     cereal::make_nvp("device", wire::text(device, name_bytes_max)),
     cereal::make_nvp("admitted_until_ms", admitted_until_ms), cereal::make_nvp("invite", invite));
}
template <class Archive>
void LogCut::serialize(Archive& ar) { ar(cereal::make_nvp("cut", cut)); }
template <class Archive>
void DeviceRevoked::serialize(Archive& ar) {
  ar(cereal::make_nvp("author", author), cereal::make_nvp("cuts", wire::list(cuts, limits::cuts_max, cut_bytes_min)));
}

namespace {
template <class Archive>
void serialize_right(Archive& ar, Right& right, Collection& collection) {
  auto right_number = static_cast<std::uint32_t>(right);
  auto collection_number = static_cast<std::uint32_t>(collection);
  ar(cereal::make_nvp("right", right_number), cereal::make_nvp("collection", collection_number));
  right = static_cast<Right>(right_number);
  collection = static_cast<Collection>(collection_number);
}
}  // namespace

template <class Archive>
void RightWithdrawn::serialize(Archive& ar) {
  ar(cereal::make_nvp("author", author));
  serialize_right(ar, right, collection);
  ar(cereal::make_nvp("cuts", wire::list(cuts, limits::cuts_max, cut_bytes_min)));
}
template <class Archive>
void RightGivenBack::serialize(Archive& ar) {
  ar(cereal::make_nvp("author", author));
  serialize_right(ar, right, collection);
}
template <class Archive>
void AdmissionRenewed::serialize(Archive& ar) {
  ar(cereal::make_nvp("author", author), cereal::make_nvp("admitted_until_ms", admitted_until_ms));
}
template <class Archive>
void RuleSet::serialize(Archive& ar) {
  ar(cereal::make_nvp("name", wire::text(name, name_bytes_max)), cereal::make_nvp("value", wire::text(value, name_bytes_max)));
}
template <class Archive>
void EpochOpened::serialize(Archive& ar) {
  ar(cereal::make_nvp("issuing", issuing), cereal::make_nvp("certificate", certificate),
     cereal::make_nvp("last_good", last_good));
}

namespace {
struct SignedPart {  // the fields of ControlRecord that are hashed
  ControlRecord& record;

  template <class Archive>
  void serialize(Archive& ar) {
    ar(cereal::make_nvp("version", record.version), cereal::make_nvp("epoch", record.epoch),
       cereal::make_nvp("seq", record.seq), cereal::make_nvp("before", record.before),
       cereal::make_nvp("time_ms", record.time_ms), cereal::make_nvp("critical", record.critical),
       cereal::make_nvp("kind", record.kind),
       cereal::make_nvp("payload", wire::blob(record.payload, limits::control_record_bytes_max)));
  }
};
}  // namespace

template <class Archive>
void ControlRecord::serialize(Archive& ar) {
  SignedPart part{*this};
  part.serialize(ar);
  ar(cereal::make_nvp("signature", signature));
}

ControlHash control_hash(const ControlRecord& record) {
  return crypto::as<ControlHash>(crypto::hash(record_label, wire::encode(SignedPart{const_cast<ControlRecord&>(record)})));
}

ControlPosition position_of(const ControlRecord& record) { return {record.epoch, record.seq, control_hash(record)}; }

namespace {
template <class T>
Result<ControlBody> decode_as(ByteView in) {
  auto body = wire::decode<T>(in);
  if (!body) return body.error();
  return ControlBody{std::move(*body)};
}

using Decode = Result<ControlBody> (*)(ByteView);
template <std::size_t... I>
constexpr std::array<Decode, sizeof...(I)> decoders(std::index_sequence<I...>) {
  return {&decode_as<std::variant_alternative_t<I + 1, ControlBody>>...};
}
}  // namespace

Result<ControlBody> decode_control_body(const ControlRecord& record) {
  constexpr std::size_t known = std::variant_size_v<ControlBody> - 1;
  static constexpr auto table = decoders(std::make_index_sequence<known>{});
  if (record.kind == 0) return Error{Errc::malformed, "control record"};
  if (record.kind > known) return ControlBody{UnknownControl{}};
  return table[record.kind - 1](record.payload);
}

ControlRecord make_control_record(const ControlRecord* last, const ControlBody& body, std::uint64_t time_ms,
                                  const crypto::SigningKey& key) {
  ControlRecord out;
  if (last != nullptr) {
    out.epoch = last->epoch + (std::holds_alternative<EpochOpened>(body) ? 1 : 0);
    out.seq = last->seq + 1;
    out.before = control_hash(*last);
  } else {
    out.seq = 1;
  }
  out.time_ms = time_ms;
  // All kinds but one decide on rights or are harmless to wait for; older programs do without checkpoints.
  out.critical = !std::holds_alternative<Checkpoint>(body);
  out.kind = static_cast<std::uint32_t>(body.index());
  out.payload = std::visit([](const auto& b) {
    if constexpr (std::is_same_v<std::decay_t<decltype(b)>, UnknownControl>) {
      return Bytes{};
    } else {
      return wire::encode(b);
    }
  }, body);
  sign_control_record(out, key);
  return out;
}

void sign_control_record(ControlRecord& record, const crypto::SigningKey& key) {
  record.signature = key.sign(signature_label, control_hash(record));
}

Signature certify_issuing_key(const crypto::SigningKey& root, const AuthorKey& issuing) {
  return root.sign(certificate_label, issuing);
}

Bytes encode_control_record(const ControlRecord& record) { return wire::encode(record); }

Result<ControlRecord> decode_control_record(ByteView in) {
  if (in.size() > limits::control_record_bytes_max) return Error{Errc::over_limit, "control record"};
  return wire::decode<ControlRecord>(in);
}

ControlPosition ControlLog::position() const {
  if (empty()) return {};
  return {records_.back().epoch, records_.back().seq, hashes_.back()};
}

RealmId ControlLog::realm() const { return empty() ? RealmId{} : RealmId::from(hashes_.front()); }

AuthorKey ControlLog::issuing_at(Seq seq) const {
  for (Seq at = seq; at > 0; --at) {
    if (const auto* opened = std::get_if<EpochOpened>(&bodies_[at - 1])) return opened->issuing;
    if (const auto* founded = std::get_if<RealmFounded>(&bodies_[at - 1])) return founded->issuing;
  }
  return {};
}

void ControlLog::cut_back(Seq last) {
  if (last == records_.size()) return;
  ++closings_;
  records_.resize(last);
  bodies_.resize(last);
  hashes_.resize(last);
  issuing_ = issuing_at(last);
  epoch_ = last == 0 ? 0 : records_.back().epoch;
  if (unknown_from_ > last) unknown_from_ = 0;
}

Result<void> ControlLog::append(ControlRecord record) {
  if (record.version != 1) return Error{Errc::unknown_version, "control record"};
  const ControlHash hash = control_hash(record);
  if (record.seq == 0) return Error{Errc::malformed, "control record"};
  if (record.seq <= records_.size() && hashes_[record.seq - 1] == hash) return {};  // known already
  if (record.seq == 1 && !empty()) return Error{Errc::foreign_realm, "control log"};
  if (record.seq > records_.size() + 1) return Error{Errc::gap, "control log"};
  const Seq last = record.seq - 1;
  if (record.before != (last == 0 ? ControlHash{} : hashes_[last - 1])) return Error{Errc::fork, "control log"};

  auto body = decode_control_body(record);
  if (!body) return body.error();
  const auto* founded = std::get_if<RealmFounded>(&*body);
  const auto* opened = std::get_if<EpochOpened>(&*body);
  if (opened == nullptr && record.seq <= records_.size()) return Error{Errc::fork, "control log"};
  if ((founded != nullptr) != empty()) return Error{Errc::malformed, "control log"};
  if (opened != nullptr) {
    // The root may not have known of every epoch that it closes: numbers rise, and need not be without gaps.
    if (record.epoch <= epoch_) return Error{record.seq <= records_.size() ? Errc::fork : Errc::malformed, "epoch"};
    if (opened->last_good != ControlPosition{records_[last - 1].epoch, last, hashes_[last - 1]}) return Error{Errc::malformed, "last good record"};
  } else if (record.epoch != (founded != nullptr ? 1 : epoch_)) {
    return Error{Errc::malformed, "epoch"};
  }

  if (auto fits = check_against_checkpoints(*body, last); !fits) return fits;

  const AuthorKey root = founded != nullptr ? founded->root : root_;
  const AuthorKey issuing = founded != nullptr ? founded->issuing : opened != nullptr ? opened->issuing : issuing_;
  if (founded != nullptr && !crypto::verify(root, certificate_label, issuing, founded->certificate)) {
    return Error{Errc::bad_signature, "issuing key"};
  }
  if (opened != nullptr && !crypto::verify(root, certificate_label, issuing, opened->certificate)) {
    return Error{Errc::bad_signature, "issuing key"};
  }
  const bool by_root = founded != nullptr || opened != nullptr;
  if (!KIZ_MUTANT(control_unsigned) && !crypto::verify(by_root ? root : issuing, signature_label, hash, record.signature)) {
    return Error{Errc::bad_signature, "control record"};
  }
  cut_back(last);
  root_ = root;
  issuing_ = issuing;
  epoch_ = record.epoch;
  const bool unknown = std::holds_alternative<UnknownControl>(*body) && record.critical;
  if (unknown && unknown_from_ == 0) unknown_from_ = record.seq;
  records_.push_back(std::move(record));
  bodies_.push_back(std::move(*body));
  hashes_.push_back(hash);
  return {};
}

Result<void> ControlLog::check_against_checkpoints(const ControlBody& body, Seq last) const {
  if (const auto* made = std::get_if<Checkpoint>(&body)) {
    if (made->claim.space.realm != realm()) return Error{Errc::foreign_realm, "checkpoint"};
    if (auto good = check_checkpoint(*made); !good) return good;
    bool may_sign = false;
    for (Seq at = 0; at < last; ++at) {
      const auto* granted = std::get_if<DeviceGranted>(&bodies_[at]);
      const auto* revoked = std::get_if<DeviceRevoked>(&bodies_[at]);
      if (granted != nullptr && granted->author == made->signer) {
        may_sign = granted->member == made->claim.space.owner && (granted->rights & rights_of_an_office) != 0;
      }
      if (revoked != nullptr && revoked->author == made->signer) may_sign = false;
    }
    return may_sign ? Result<void>{} : Error{Errc::not_permitted, "checkpoint"};
  }
  const auto* cut = std::get_if<LogCut>(&body);
  const auto* revoked = std::get_if<DeviceRevoked>(&body);
  const auto* withdrawn = std::get_if<RightWithdrawn>(&body);
  if (cut == nullptr && revoked == nullptr && withdrawn == nullptr) return {};
  const std::vector<Cut> cuts = cut != nullptr ? std::vector<Cut>{cut->cut} : revoked != nullptr ? revoked->cuts : withdrawn->cuts;
  const auto forbids = [&](const CheckpointClaim& claim) {
    if (std::any_of(cuts.begin(), cuts.end(), [&](const Cut& one) { return lies_below(one, claim); })) return true;
    const bool concerned = revoked != nullptr || (withdrawn != nullptr && withdrawn->collection == claim.space.collection);
    if (!concerned) return false;
    const AuthorKey& author = revoked != nullptr ? revoked->author : withdrawn->author;
    return std::any_of(claim.heads.begin(), claim.heads.end(), [&](const CheckpointHead& held) {
      return held.author == author && std::none_of(cuts.begin(), cuts.end(), [&](const Cut& one) { return one.log == held.head.log; });
    });
  };
  for (Seq at = 0; at < last; ++at) {
    const auto* made = std::get_if<Checkpoint>(&bodies_[at]);
    if (made != nullptr && forbids(made->claim)) return Error{Errc::below_checkpoint, "cut"};
  }
  return {};
}

ControlLog ControlLog::until(Seq last) const {
  ControlLog out = *this;
  out.cut_back(last);
  return out;
}

Result<void> ControlLog::replace(std::span<const ControlRecord> branch) {
  if (branch.empty() || branch.front().seq < 2 || branch.front().seq > records_.size() + 1) return Error{Errc::gap, "control log"};
  ControlLog other = *this;
  other.cut_back(branch.front().seq - 1);
  for (const ControlRecord& record : branch) {
    if (auto appended = other.append(record); !appended) return appended;
  }
  // Only the root may say that what was held does not count; of one epoch the authority has no two words.
  if (other.epoch_ <= epoch_) return Error{Errc::fork, "control log"};
  *this = std::move(other);
  return {};
}

bool ControlLog::proves_fork(const ControlRecord& other) const {
  if (other.version != 1 || other.seq < 2 || other.seq > records_.size()) return false;
  const ControlRecord& held = records_[other.seq - 1];
  const ControlHash hash = control_hash(other);
  if (held.epoch != other.epoch || hashes_[other.seq - 1] == hash) return false;
  const auto body = decode_control_body(other);
  const bool by_root = body && std::holds_alternative<EpochOpened>(*body);
  return crypto::verify(by_root ? root_ : issuing_at(other.seq - 1), signature_label, hash, other.signature);
}

std::optional<Seq> ControlLog::index_of(const ControlPosition& cited) const {
  // An unknown critical record may take or give rights: nothing that cites it or a later one can be judged here.
  const Seq judged = unknown_from_ == 0 ? records_.size() : unknown_from_ - 1;
  if (cited.seq >= 1 && cited.seq <= records_.size() && hashes_[cited.seq - 1] == cited.hash &&
      records_[cited.seq - 1].epoch == cited.epoch) {
    return cited.seq <= judged ? std::optional{cited.seq} : std::nullopt;
  }
  if (cited.epoch >= epoch_) return std::nullopt;
  for (std::size_t i = 0; i < records_.size() && i < judged; ++i) {
    if (records_[i].epoch > cited.epoch) return i + 1;  // a closed branch: judged as of the epoch that closed it
  }
  return std::nullopt;
}

}  // namespace kiz
