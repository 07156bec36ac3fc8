// What a member says in a whole session, to the Kreis, called by a town. The replica, its store and the channel are real ones.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/session_stage.h"

namespace kiz::fuzz {
namespace {

SessionStage& stage() {
  static SessionStage all{Side::responder};
  return all;
}

}  // namespace

int one(ByteView in) {
  stage().play(Script{in});
  return 0;
}

std::vector<Bytes> seeds() { return stage().conversations(); }

}  // namespace kiz::fuzz
