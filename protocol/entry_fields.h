// The field lists of entry.h, kept apart so that only codecs see cereal. Layout in words: SPEC.md §3.
#pragma once

#include "protocol/entry.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace kiz {

template <class Archive>
void Genesis::serialize(Archive& ar) {
  ar(cereal::make_nvp("space", space), cereal::make_nvp("author", author), cereal::make_nvp("incarnation", incarnation),
     cereal::make_nvp("predecessor", predecessor), cereal::make_nvp("reason", wire::known(reason, LogReason::log_ended)));
}

inline constexpr std::size_t head_bytes_min = 32 + 1 + 32;
inline constexpr std::size_t cell_bytes_min = 32 + 1;

template <class Archive>
void EntryHeader::serialize(Archive& ar) {
  ar(cereal::make_nvp("version", version), cereal::make_nvp("suite", suite), cereal::make_nvp("log", log),
     cereal::make_nvp("seq", seq), cereal::make_nvp("backlink", backlink), cereal::make_nvp("hlc", hlc),
     cereal::make_nvp("control", control),
     cereal::make_nvp("seen", wire::sorted_set(seen, limits::seen_max, head_bytes_min)),
     cereal::make_nvp("ops_root", ops_root), cereal::make_nvp("flags", flags));
}

/// Consecutive ops on one record share its name: a record with fourteen fields pays for its id once.
struct OpGroup {
  RecordId record;
  std::size_t first = 0;  // index of its first op
  std::size_t count = 0;
};
std::vector<OpGroup> group_ops(const std::vector<Op>& ops);

void save_body(wire::Writer& ar, const EntryBody& body);
void load_body(wire::Reader& ar, EntryBody& body);

template <class Archive>
void EntryBody::serialize(Archive& ar) {
  if constexpr (Archive::is_loading::value) {
    load_body(ar, *this);
  } else {
    save_body(ar, *this);
  }
}

template <class Archive>
void Run::serialize(Archive& ar) {
  constexpr std::size_t body_bytes_min = 40;
  ar(cereal::make_nvp("version", version), cereal::make_nvp("suite", suite), cereal::make_nvp("log", log),
     cereal::make_nvp("genesis", genesis), cereal::make_nvp("first_seq", first_seq), cereal::make_nvp("before", before),
     cereal::make_nvp("entries", wire::list(entries, limits::run_entries_max, body_bytes_min)),
     cereal::make_nvp("signature", signature));
}

}  // namespace kiz
