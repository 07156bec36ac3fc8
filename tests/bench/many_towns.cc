#include "tests/bench/many_towns.h"

#include <unistd.h>

#include <fstream>

#include "protocol/wire.h"
#include "tests/bench/crowd.h"

namespace kiz::bench {
namespace {

constexpr std::size_t processes = 2;

void write_whole(const std::filesystem::path& file, ByteView bytes) {
  std::ofstream{file, std::ios::binary}.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

Bytes read_whole(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return Bytes{std::istreambuf_iterator<char>{in}, {}};
}

// Each behind its length.
void write_records(const std::filesystem::path& file, const std::vector<Bytes>& records) {
  wire::Writer out;
  for (const Bytes& record : records) {
    out.varint(record.size());
    out.raw(record);
  }
  write_whole(file, out.bytes());
}

std::vector<Bytes> read_records(const std::filesystem::path& file) {
  const Bytes bytes = read_whole(file);
  std::vector<Bytes> out;
  for (wire::Reader in{bytes}; in.left() > 0;) {
    const ByteView record = in.raw(static_cast<std::size_t>(in.varint()));
    out.emplace_back(record.begin(), record.end());
  }
  return out;
}

std::vector<std::unique_ptr<LightTown>> towns_of(const Part& part, CommonGround& common) {
  std::vector<std::unique_ptr<LightTown>> out;
  for (std::size_t i = 0; i < part.towns.size(); ++i) {
    out.push_back(std::make_unique<LightTown>(common, part.towns[i], TownKeys{part.seed, part.first + i}));
  }
  return out;
}

}  // namespace

std::vector<Part> found_many_towns(const std::filesystem::path& folder, std::size_t count, std::uint32_t seed) {
  const auto ids = town_ids(static_cast<unsigned>(count));
  (void)Child{[&] {
    const auto kreis = found_kreis(folder, ids);
    std::vector<std::pair<MemberId, DeviceKeys>> asking;
    for (std::size_t i = 0; i < count; ++i) asking.emplace_back(ids[i], TownKeys{seed, i}.open());
    admit_all(*kreis, asking);
    fill_for_all(*kreis, seed);
    write_whole(folder / "kreis-key", keys_of(*kreis).transport);
    write_records(folder / "control", control_records(*kreis));
    return nlohmann::json{};
  }}.wait();
  std::ofstream{folder / "kizd.toml"} << "peers_max = 10000\n";
  const std::uint16_t port = free_port();
  std::vector<Part> out;
  for (std::size_t n = 0, first = 0; n < processes; ++n) {
    const std::size_t end = count * (n + 1) / processes;
    const auto at = [&](std::size_t i) { return ids.begin() + static_cast<std::ptrdiff_t>(i); };
    out.push_back({folder, {at(first), at(end)}, first, port, seed});
    first = end;
  }
  return out;
}

PlayedPart::PlayedPart(const Part& part)
    : common(read_records(part.folder / "control"), TransportKey::from(read_whole(part.folder / "kreis-key"))),
      fleet(towns_of(part, common), part.first, part.port) {}

std::filesystem::path store_of_node(const Part& part) { return part.folder / "kreis"; }

std::unique_ptr<Process> start_node(const Part& part) {
  allow_many_files();  // the daemon's, too
  auto out = std::make_unique<Process>(std::vector<std::string>{program("kizd"), "--foreground", "--config", part.folder / "kizd.toml", "--store",
                                                                store_of_node(part), "--listen", "127.0.0.1:" + std::to_string(part.port)});
  wait_for(store_of_node(part));
  return out;
}

void Steps::done_then_wait_for(int step) {
  done();
  while (asked() < step) ::usleep(1000);
}

void Steps::ask(int step, const std::vector<std::unique_ptr<Child>>& children) {
  shared_->asked = step;
  while (shared_->done < children.size() * (static_cast<std::size_t>(step) + 1)) {
    ::usleep(1000);
    for (const auto& child : children) {
      if (child->has_ended()) child->wait();  // throws what went wrong there
    }
  }
}

}  // namespace kiz::bench
