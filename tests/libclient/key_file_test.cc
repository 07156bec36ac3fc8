#include "libclient/key_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

// The credentials folder that systemd would give, for one test case.
class Credentials {
 public:
  explicit Credentials(const TempDir& dir) { ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1); }
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
};

Errc code_of(const Result<StoreKey>& refused) { return refused ? Errc::ok : refused.error().code; }

}  // namespace

TEST_CASE("key file: a fresh key comes back from a file that only its owner may read") {
  const TempDir dir;
  const auto made = make_store_key(dir.file("key"), {});
  REQUIRE(made);
  const auto opened = open_store_key(dir.file("key"), {});
  REQUIRE(opened);
  CHECK(*opened == *made);
  CHECK_FALSE(made->view().empty());
  const auto mode = std::filesystem::status(dir.file("key")).permissions();
  CHECK((mode & std::filesystem::perms{0777}) == std::filesystem::perms{0600});

  const TempDir other;
  CHECK_FALSE(*make_store_key(other.file("key"), {}) == *made);
}

TEST_CASE("key file: wider permissions are refused with a sentence that helps") {
  const TempDir dir;
  REQUIRE(make_store_key(dir.file("key"), {}));
  for (const unsigned mode : {0640u, 0604u, 0660u, 0601u}) {
    CAPTURE(mode);
    std::filesystem::permissions(dir.file("key"), std::filesystem::perms{mode});
    const auto refused = open_store_key(dir.file("key"), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::wrong_key);
    CHECK(refused.error().context.find("chmod 600") != std::string::npos);
  }
  std::filesystem::permissions(dir.file("key"), std::filesystem::perms{0400});
  CHECK(open_store_key(dir.file("key"), {}));
}

TEST_CASE("key file: a store that was never set up is told from a damaged key") {
  const TempDir dir;
  CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::not_set_up);
  REQUIRE(make_store_key(dir.file("key"), {}));
  const Bytes whole = read_file(dir.file("key"));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write_file(dir.file("key"), ByteView{whole}.first(n));
    CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::damaged);
  }
  Bytes longer = whole;
  longer.push_back(0);
  write_file(dir.file("key"), longer);
  CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::damaged);
  write_file(dir.file("key"), Bytes(5000, 1));
  CHECK_FALSE(open_store_key(dir.file("key"), {}));
}

TEST_CASE("key file: every flipped byte is noticed by the check value") {
  const TempDir dir;
  REQUIRE(make_store_key(dir.file("key"), {}));
  const Bytes whole = read_file(dir.file("key"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    Bytes flipped = whole;
    flipped[at] ^= 0x10;
    write_file(dir.file("key"), flipped);
    CHECK_FALSE(open_store_key(dir.file("key"), {}));
  }
}

TEST_CASE("key file: a file of a newer program is called that, whatever follows its version") {
  const TempDir dir;
  REQUIRE(make_store_key(dir.file("key"), {}));
  Bytes newer = read_file(dir.file("key"));
  newer[0] = 2;
  newer.insert(newer.end(), 40, 9);
  write_file(dir.file("key"), newer);
  CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::unknown_version);
}

TEST_CASE("key file: a key that is there is never replaced by a fresh one") {
  const TempDir dir;
  const auto made = make_store_key(dir.file("key"), {});
  CHECK(code_of(make_store_key(dir.file("key"), {})) == Errc::already_set_up);
  CHECK(*open_store_key(dir.file("key"), {}) == *made);
}

TEST_CASE("key file: a passphrase opens it, a wrong one or none does not; changing it keeps the key") {
  const TempDir dir;
  const auto made = make_store_key(dir.file("key"), "Glockenblume 7");
  REQUIRE(made);
  CHECK_FALSE(
      contains(read_file(dir.file("key")), std::string_view{reinterpret_cast<const char*>(made->view().data()), 32}));
  CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::wrong_key);
  CHECK(code_of(open_store_key(dir.file("key"), "glockenblume 7")) == Errc::wrong_key);
  REQUIRE(open_store_key(dir.file("key"), "Glockenblume 7"));

  REQUIRE(rewrap_store_key(dir.file("key"), *made, "Sumpfdotter 8"));
  CHECK(code_of(open_store_key(dir.file("key"), "Glockenblume 7")) == Errc::wrong_key);
  const auto again = open_store_key(dir.file("key"), "Sumpfdotter 8");
  REQUIRE(again);
  CHECK(*again == *made);

  REQUIRE(rewrap_store_key(dir.file("key"), *made, {}));
  CHECK(*open_store_key(dir.file("key"), {}) == *made);
}

TEST_CASE("key file: parameters that would take all memory, or none, are refused as damage") {
  const TempDir dir;
  REQUIRE(make_store_key(dir.file("key"), "x"));
  const Bytes whole = read_file(dir.file("key"));
  // version 1 | kind 1 | check 16 | ops varint | memory varint ...
  const auto with = [&](std::uint8_t ops, const Bytes& memory) {
    Bytes out(whole.begin(), whole.begin() + 18);
    out.push_back(ops);
    out.insert(out.end(), memory.begin(), memory.end());
    out.insert(out.end(), whole.end() - (16 + 24 + 48), whole.end());
    write_file(dir.file("key"), out);
    return code_of(open_store_key(dir.file("key"), "x"));
  };
  const Bytes memory_256_mib = {0x80, 0x80, 0x80, 0x80, 0x01};
  const Bytes memory_16_tib = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x04};
  CHECK(with(3, memory_16_tib) == Errc::damaged);
  CHECK(with(3, {0x00}) == Errc::damaged);
  CHECK(with(0, memory_256_mib) == Errc::damaged);
  CHECK(with(100, memory_256_mib) == Errc::damaged);
}

TEST_CASE("key file: systemd's credential is the key where there is one") {
  const TempDir dir;
  const TempDir credentials;
  write_file(credentials.file("kiz-store-key"), Bytes(32, 0x77));
  {
    const Credentials given{credentials};
    const auto made = make_store_key(dir.file("key"), {});
    REQUIRE(made);
    CHECK(*made == StoreKey{Bytes(32, 0x77)});
    CHECK_FALSE(contains(read_file(dir.file("key")), std::string(8, 0x77)));
    CHECK(*open_store_key(dir.file("key"), {}) == *made);
    write_file(credentials.file("kiz-store-key"), Bytes(32, 0x78));
    CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::wrong_key);
    write_file(credentials.file("kiz-store-key"), Bytes(31, 0x77));
    CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::wrong_key);
  }
  CHECK(code_of(open_store_key(dir.file("key"), {})) == Errc::wrong_key);
}
