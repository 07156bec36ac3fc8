// Consecutive entries of a log under one signature, as a peer or a bundle brings them.
#include "protocol/entry_fields.h"
#include "tests/fuzz/entry_shapes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/round_trip.h"

namespace kiz::fuzz {

// Mutations end at the signature, so what stands before it is looked at by itself.
int one(ByteView in) {
  (void)decode_and_compare<Run>(in);
  const auto verified = decode_run(in, {});
  if (verified) {
    KIZ_ASSERT(std::ranges::equal(encode_run(verified->run), in));
    KIZ_ASSERT(verified->hashes.size() == verified->run.entries.size());
  }
  return 0;
}

std::vector<Bytes> seeds() {
  const crypto::SigningKey key{Bytes(32, 7)};
  Run run;
  run.genesis = Genesis{{{}, "05554004", Collection::offers, ""}, key.author(), {}, {}, LogReason::first};
  run.log = log_id(*run.genesis);
  run.first_seq = 1;
  run.before = EntryHash::from(run.log);
  run.entries = bodies_of_every_shape();
  EntryHash head = run.before;
  Seq seq = 0;
  for (const EntryBody& body : run.entries) head = entry_hash(header_of(body, run.log, ++seq, head));
  run.signature = key.sign(run_label, head);
  Run middle = run;  // as it would stand later in the log, with an author that is known
  middle.genesis.reset();
  middle.first_seq = 1000;
  return {encode_run(run), encode_run(middle)};
}

}  // namespace kiz::fuzz
