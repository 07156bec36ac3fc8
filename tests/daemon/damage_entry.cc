// Damages entries in a store that nobody has open, below everything that would notice: for repair_test.py.
//
//   damage_entry STORE SEQ
#include <cstdio>
#include <string>

#include "libclient/replica_core.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  kiz::ReplicaOptions options;
  options.directory = argv[1];
  auto replica = kiz::Replica::open(options);
  if (!replica) {
    std::fprintf(stderr, "damage_entry: %s\n", replica.error().context.c_str());
    return 1;
  }
  kiz::Sql& db = (*replica)->core().db();
  (db.query("UPDATE entries SET body = x'00' WHERE seq = ?") << static_cast<std::int64_t>(std::stoll(argv[2]))).run();
  return 0;
}
