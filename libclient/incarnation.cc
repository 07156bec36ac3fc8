#include "libclient/incarnation.h"

#include "libclient/atomic_file.h"
#include "protocol/entry_fields.h"

namespace kiz {

template <class Archive>
void IncarnationFile::serialize(Archive& ar) {
  ar(version, incarnation, counter, entries, machine, wire::known(reason, LogReason::log_ended));
}

Hash machine_hash() {
  const auto id = file::read("/etc/machine-id", 256);
  if (!id || id->empty()) return {};
  return crypto::hash("kiz-sync machine v1", *id);  // the id itself stays secret: machine-id(5) asks for that
}

Result<IncarnationFile> read_incarnation(const std::string& path) {
  auto bytes = file::read(path, 256);
  if (!bytes) return bytes.error();
  auto contents = wire::decode<IncarnationFile>(*bytes);
  if (!contents || contents->version != 1) return Error{Errc::damaged, "incarnation"};
  return contents;
}

Result<void> write_incarnation(const std::string& path, const IncarnationFile& contents) {
  return file::replace(path, wire::encode(contents));
}

LogReason judge_incarnation(const IncarnationFile& held, std::uint64_t db_counter, std::uint64_t db_entries,
                            const Hash& machine) {
  if (db_counter != held.counter && db_counter != held.counter + 1) return LogReason::restored;
  if (db_entries < held.entries) return LogReason::restored;
  if (machine != held.machine && !machine.is_zero() && !held.machine.is_zero()) return LogReason::machine_changed;
  return LogReason::first;
}

}  // namespace kiz
