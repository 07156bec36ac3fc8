// What a member says in a whole session, to a town that has called the Kreis. The replica, its store and the channel are real ones.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/session_stage.h"

namespace kiz::fuzz {
namespace {

SessionStage& stage() {
  static SessionStage all{Side::initiator};
  return all;
}

}  // namespace

int one(ByteView in) {
  stage().play(Script{in});
  return 0;
}

std::vector<Bytes> seeds() { return stage().conversations(); }

}  // namespace kiz::fuzz
