// Entry bodies of every shape that the format knows, for seeds.
#pragma once

#include "protocol/entry.h"

namespace kiz::fuzz {

inline std::vector<EntryBody> bodies_of_every_shape() {
  RecordId offer{1, {}};
  offer.key.bytes.fill(0x11);
  RecordId later{2, {}};
  later.key.bytes.fill(0x22);
  const CellName cell{EntryHash::from(Bytes(32, 3)), 1};

  EntryBody full;
  full.hlc = Timestamp::of(1'700'000'000'000, 3);
  full.control = {1, 5, ControlHash::from(Bytes(32, 4))};
  full.seen = {{LogId::from(Bytes(32, 1)), 9, EntryHash::from(Bytes(32, 6))},
               {LogId::from(Bytes(32, 2)), 300, EntryHash::from(Bytes(32, 7))}};
  full.salt = Salt::from(Bytes(32, 8));
  full.ops = {{offer, 1, Mode::replace, {}, {}, Value{std::string{"Sprachcafé"}}},
              {offer, 2, Mode::replace, {cell}, {}, Value{std::int64_t{-7}}},
              {offer, 3, Mode::add, {}, Origin{cell, Timestamp::of(5)}, Value{Bytes{1, 2}}},
              {offer, 4, Mode::replace, {}, {}, Value{Null{}}},
              {later, 3, Mode::remove, {cell}, {}, {}},
              {later, 0, Mode::del, {}, {}, {}},
              {later, 0, Mode::undo, {}, {}, {}}};

  EntryBody erased = full;
  drop_values(erased, {0, 2});
  EntryBody bare;
  bare.salt = Salt::from(Bytes(32, 8));
  bare.ops = {{offer, 1, Mode::replace, {}, {}, Value{std::string{}}}};
  return {full, erased, bare};
}

}  // namespace kiz::fuzz
