// How the control log of a replica grows: records of peers, the authority's own, and epochs that the root opens.
#include <algorithm>

#include "libclient/checkpoints.h"
#include "libclient/keyring.h"
#include "libclient/replica_core.h"
#include "protocol/entry_fields.h"

namespace kiz {
namespace {

constexpr char fork_fact[] = "control_fork";
constexpr char confirmed_fact[] = "control_confirmed";
constexpr char closed_prefix[] = "control_closed/";

}  // namespace

RealmId ReplicaCore::realm() const { return control_.empty() ? files_->keyring().recovering.value_or(RealmId{}) : control_.realm(); }

// ---- records of peers

Result<void> ReplicaCore::ingest_control(std::span<const Bytes> records) {
  std::optional<Error> refused;
  const auto written = write([&]() -> Result<void> {
    const Seq before = control_.last_seq();
    for (const Bytes& bytes : records) {
      auto record = decode_control_record(bytes);
      if (!record) {
        refused = record.error();
        break;
      }
      if (auto taken = take_control_record(*record); !taken) {
        if (taken.error().code == Errc::fork || taken.error().code == Errc::control_forked) {
          refused = taken.error();  // a later one may open an epoch that decides
          continue;
        }
        refused = taken.error();
        break;
      }
      refused.reset();
    }
    if (control_.last_seq() != before || control_.closings() != closings_) follow_control();
    return {};
  });
  if (!written) return written.error();
  files_->note_heads({}, control_.last_seq());
  if (refused) return *refused;
  return {};
}

Result<void> ReplicaCore::take_control_record(const ControlRecord& record) {
  // A realm that is being restored is the one of the emergency sheet, and no other.
  if (control_.empty() && record.seq == 1 && realm() != RealmId{} && RealmId::from(control_hash(record)) != realm()) {
    return Error{Errc::foreign_realm, "control log"};
  }
  const auto first = other_branch_.take(control_, record, control_fork_.has_value());
  if (!first && first.error().code == Errc::fork && control_fork_) return Error{Errc::control_forked, "control log"};
  if (!first) return first.error();
  if (*first != 0) store_control(*first);
  return {};
}

/// Writes the records from this one on; what stood there goes, but is kept as a proof of what was signed.
void ReplicaCore::store_control(Seq first) {
  {
    auto old = db_->query("SELECT record FROM control WHERE seq >= ? ORDER BY seq");
    old << first;
    while (old.step()) {
      const Bytes bytes(old.blob(0).begin(), old.blob(0).end());
      const auto record = decode_control_record(bytes);
      if (record) put_fact(closed_prefix + to_hex(control_hash(*record)), bytes);
    }
  }
  (db_->query("DELETE FROM control WHERE seq >= ?") << first).run();
  for (Seq seq = first; seq <= control_.last_seq(); ++seq) {
    const Bytes bytes = encode_control_record(control_.records()[seq - 1]);
    (db_->query("INSERT INTO control(seq, record) VALUES(?, ?)") << seq << ByteView{bytes}).run();
  }
  if (control_fork_ && control_.epoch() > control_fork_->epoch) {  // the root has decided
    control_fork_.reset();
    drop_fact(fork_fact);
  }
}

void ReplicaCore::follow_control() {
  membership_.follow(control_);
  control_index_.follow();
  ++sharing_;
  const bool anew = closings_ != control_.closings();
  closings_ = control_.closings();
  for (const auto& [space, slot] : slots_) {
    if (anew) {
      slot->merge.rebuild();  // entries that cite what was closed are judged by what took its place
    } else {
      slot->merge.follow_control();
    }
  }
}

// ---- the authority's own

Result<ControlPosition> ReplicaCore::issue(const ControlBody& body) {
  const auto* key = files_->issuing_key();
  if (key == nullptr) return Error{Errc::not_permitted, "issuing key"};
  if (control_fork_) return Error{Errc::control_forked, "control log"};
  if (!control_confirmed()) return Error{Errc::control_unconfirmed, "control log"};
  if (key->author() != control_.issuing()) return Error{Errc::not_permitted, "issuing key"};  // another epoch has begun elsewhere
  if (closes_checkpoint(body)) return Error{Errc::below_checkpoint, "cut"};
  auto issued = write([&]() -> Result<ControlPosition> {
    const ControlRecord record = make_control_record(&control_.records().back(), body, now_ms(), *key);
    if (auto appended = control_.append(record); !appended) return appended.error();
    store_control(record.seq);
    follow_control();
    return control_.position();
  });
  if (issued) files_->note_heads({}, control_.last_seq());
  return issued;
}

bool ReplicaCore::closes_checkpoint(const ControlBody& body) const {
  const auto* cut = std::get_if<LogCut>(&body);
  const auto* revoked = std::get_if<DeviceRevoked>(&body);
  const auto* withdrawn = std::get_if<RightWithdrawn>(&body);
  if (cut == nullptr && revoked == nullptr && withdrawn == nullptr) return false;
  const std::vector<Cut> cuts = cut != nullptr ? std::vector<Cut>{cut->cut} : revoked != nullptr ? revoked->cuts : withdrawn->cuts;
  return std::any_of(cuts.begin(), cuts.end(), [&](const Cut& one) {
    const SpaceSlot* slot = one.seq == 0 ? nullptr : slot_of(one.log);
    return slot != nullptr && checkpoints::leaves_checkpoint(*this, *slot, {one.log, one.seq, one.head});
  });
}

Result<ControlPosition> ReplicaCore::open_epoch(const crypto::SigningKey& root, Seq last_good, const std::vector<ControlBody>& then) {
  const auto* issuing = files_->issuing_key();
  if (issuing == nullptr || control_.empty() || root.author() != control_.root()) return Error{Errc::not_permitted, "root key"};
  if (last_good == 0 || last_good > control_.last_seq()) return Error{Errc::invalid_input, "last good record"};
  auto opened = write([&]() -> Result<ControlPosition> {
    const ControlRecord& good = control_.records()[last_good - 1];
    const EpochOpened body{issuing->author(), certify_issuing_key(root, issuing->author()), position_of(good)};
    ControlRecord record = make_control_record(&good, body, now_ms(), root);
    const std::uint64_t newest = std::max(control_.epoch(), control_fork_ ? control_fork_->epoch : 0);
    record.epoch = newest + 1;  // above every branch that is known of
    sign_control_record(record, root);
    if (auto appended = control_.append(record); !appended) return appended.error();
    for (const ControlBody& next : then) {
      if (auto appended = control_.append(make_control_record(&control_.records().back(), next, now_ms(), *issuing)); !appended) {
        return appended.error();
      }
    }
    store_control(record.seq);
    follow_control();
    return control_.position();
  });
  if (!opened) return opened;
  files_->note_heads({}, control_.last_seq());
  confirm_control();
  return opened;
}

bool ReplicaCore::note_control_fork(ByteView bytes) {
  auto record = decode_control_record(bytes);
  if (!record || control_fork_ || !control_.proves_fork(*record)) return false;
  const auto noted = write([&]() -> Result<void> {
    put_fact(fork_fact, bytes);
    return {};
  });
  if (noted) control_fork_ = std::move(*record);
  return static_cast<bool>(noted);
}

// ---- after a backup

bool ReplicaCore::control_confirmed() const {
  if (files_->issuing_key() == nullptr || files_->reason() == LogReason::first) return true;
  const auto confirmed = fact(confirmed_fact);
  const ByteView now = files_->incarnation();
  return confirmed && std::equal(confirmed->begin(), confirmed->end(), now.begin(), now.end());
}

void ReplicaCore::confirm_control() {
  if (control_confirmed()) return;
  static_cast<void>(write([&]() -> Result<void> {
    put_fact(confirmed_fact, files_->incarnation());
    return {};
  }));
}

// ---- facts

std::optional<Bytes> ReplicaCore::fact(const std::string& name) const {
  auto query = db_->query("SELECT value FROM facts WHERE name = ?");
  query << std::string_view{name};
  if (!query.step()) return std::nullopt;
  return Bytes(query.blob(0).begin(), query.blob(0).end());
}

std::vector<std::pair<std::string, Bytes>> ReplicaCore::facts(const std::string& prefix) const {
  std::vector<std::pair<std::string, Bytes>> out;
  std::string behind = prefix.empty() ? std::string(1, '\x7f') : prefix;  // names are ASCII
  if (!prefix.empty()) ++behind.back();
  auto query = db_->query("SELECT name, value FROM facts WHERE name >= ? AND name < ? ORDER BY name");
  query << std::string_view{prefix} << std::string_view{behind};
  while (query.step()) out.emplace_back(query.text(0), Bytes(query.blob(1).begin(), query.blob(1).end()));
  return out;
}

void ReplicaCore::put_fact(const std::string& name, ByteView value) {
  (db_->query("INSERT INTO facts(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value")
   << std::string_view{name} << value)
      .run();
}

void ReplicaCore::drop_fact(const std::string& name) {
  (db_->query("DELETE FROM facts WHERE name = ?") << std::string_view{name}).run();
}

}  // namespace kiz
