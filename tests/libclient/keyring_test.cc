#include "libclient/keyring.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace kiz;
using namespace kiz::test;

namespace {

const StoreKey& key() {
  static const StoreKey only{Bytes(32, 1)};
  return only;
}

SecretKey32 secret(std::uint8_t fill) { return SecretKey32{Bytes(32, fill)}; }

KeyringContents example() {
  KeyringContents out;
  out.author_seed = secret(0xa1);
  out.transport = secret(0xa2);
  out.device_name = "Rathaus, Zimmer 12";
  out.issuing_seed = secret(0xa3);
  PairKey pair;
  pair.peer = TransportKey::from(Bytes(32, 0x11));
  pair.psk = secret(0xa4);
  pair.next = secret(0xa5);
  out.pairs.push_back(std::move(pair));
  IssuedInvite invite;
  invite.id = InviteId::from(Bytes(16, 0x22));
  invite.secret = Secret<16>{Bytes(16, 0xa6)};
  invite.psk = secret(0xa7);
  invite.member = "05566012";
  invite.rights = 3;
  invite.made_ms = 1;
  invite.expires_ms = 1'900'000'000'000;
  invite.tries_left = 2;
  invite.needs_confirmation = true;
  invite.used_by = AuthorKey::from(Bytes(32, 0x33));
  out.invites.push_back(std::move(invite));
  out.own_addresses = {"kreis.example:7733"};
  out.kreis_addresses = {"a:1", "b:2"};
  out.kreis = TransportKey::from(Bytes(32, 0x44));
  PendingJoin join;
  join.invite = Bytes(40, 0x55);
  join.psk = secret(0xa8);
  out.joining = std::move(join);
  out.offline = true;
  out.keep_realm_secret(1, secret(0xa9));
  return out;
}

}  // namespace

TEST_CASE("keyring: everything in it comes back") {
  const TempDir dir;
  REQUIRE(write_keyring(dir.file("keyring"), key(), example()));
  const auto read = read_keyring(dir.file("keyring"), key());
  REQUIRE(read);
  const auto expected = example();
  CHECK(read->author_seed == expected.author_seed);
  CHECK(read->transport == expected.transport);
  CHECK(read->device_name == expected.device_name);
  REQUIRE(read->issuing_seed);
  CHECK(*read->issuing_seed == *expected.issuing_seed);
  REQUIRE(read->pairs.size() == 1);
  const PairKey* pair = read->pair(TransportKey::from(Bytes(32, 0x11)));
  REQUIRE(pair);
  CHECK(pair->psk == expected.pairs[0].psk);
  CHECK(*pair->next == *expected.pairs[0].next);
  CHECK(read->pair(TransportKey{}) == nullptr);
  REQUIRE(read->invites.size() == 1);
  CHECK(read->invites[0].secret == expected.invites[0].secret);
  CHECK(read->invites[0].psk == expected.invites[0].psk);
  CHECK(read->invites[0].member == "05566012");
  CHECK(read->invites[0].rights == 3);
  CHECK(read->invites[0].expires_ms == 1'900'000'000'000);
  CHECK(read->invites[0].tries_left == 2);
  CHECK(read->invites[0].needs_confirmation);
  CHECK(read->invites[0].used_by == expected.invites[0].used_by);
  CHECK(read->own_addresses == expected.own_addresses);
  CHECK(read->kreis_addresses == expected.kreis_addresses);
  CHECK(read->kreis == expected.kreis);
  REQUIRE(read->joining);
  CHECK(read->joining->invite == expected.joining->invite);
  CHECK(read->offline);
  REQUIRE(read->realm_secret(1));
  CHECK(read->realm_secret(1)->secret == secret(0xa9));
  CHECK(read->realm_secret(2) == nullptr);
}

TEST_CASE("keyring: a realm secret that is held is never replaced, and the newest four are kept") {
  KeyringContents ring;
  ring.keep_realm_secret(1, secret(1));
  ring.keep_realm_secret(1, secret(2));
  CHECK(ring.realm_secret(1)->secret == secret(1));
  for (std::uint8_t epoch = 2; epoch <= 5; ++epoch) ring.keep_realm_secret(epoch, secret(epoch));
  CHECK(ring.realm_secret(1) == nullptr);
  CHECK(ring.realm_secret(2)->secret == secret(2));
  CHECK(ring.realm_secrets.size() == 4);
}

TEST_CASE("keyring: invites that are done with make way for new ones, open ones never do") {
  const auto ring_with = [](bool done) {
    KeyringContents ring;
    for (int i = 0; i < 1024; ++i) {
      IssuedInvite& invite = ring.invites.emplace_back();
      invite.expires_ms = 1000;
      invite.acknowledged = done && i == 700;
    }
    return ring;
  };
  auto full = ring_with(false);
  CHECK_FALSE(full.make_room_for_invite(1000));
  CHECK(full.invites.size() == 1024);
  CHECK(full.make_room_for_invite(1001));  // all have expired: one goes
  CHECK(full.invites.size() == 1023);
  auto one_done = ring_with(true);
  CHECK(one_done.make_room_for_invite(1000));
  CHECK(one_done.invites.size() == 1023);
}

TEST_CASE("keyring: one of the first version is read, and has no realm secret") {
  const TempDir dir;
  // Written by the program before realm secrets: author seed, transport, name, nothing else.
  Bytes plain(32, 0xa1);
  plain.insert(plain.end(), 32, 0xa2);
  plain.insert(plain.end(), {3, 'b', 'o', 'x'});
  plain.insert(plain.end(), 9, 0);
  StoreKey sealing;
  derive(key().view(), "kiz-sync keyring v1", {}, sealing.writable());
  Bytes file(1 + 24 + plain.size() + 16);
  file[0] = 1;
  crypto_aead_xchacha20poly1305_ietf_encrypt(file.data() + 25, nullptr, plain.data(), plain.size(), file.data(), 1, nullptr,
                                             file.data() + 1, sealing.view().data());
  write_file(dir.file("keyring"), file);
  const auto read = read_keyring(dir.file("keyring"), key());
  REQUIRE(read);
  CHECK(read->device_name == "box");
  CHECK(read->transport == secret(0xa2));
  CHECK(read->realm_secrets.empty());
}

TEST_CASE("keyring: an empty one of a member's first day comes back too") {
  const TempDir dir;
  REQUIRE(write_keyring(dir.file("keyring"), key(), KeyringContents{}));
  const auto read = read_keyring(dir.file("keyring"), key());
  REQUIRE(read);
  CHECK(read->pairs.empty());
  CHECK_FALSE(read->issuing_seed);
}

TEST_CASE("keyring: the file shows no key and is its owner's alone") {
  const TempDir dir;
  REQUIRE(write_keyring(dir.file("keyring"), key(), example()));
  const Bytes bytes = read_file(dir.file("keyring"));
  for (int fill = 0xa1; fill <= 0xa9; ++fill) CHECK_FALSE(contains(bytes, std::string(8, static_cast<char>(fill))));
  CHECK_FALSE(contains(bytes, "Rathaus"));
  const auto mode = std::filesystem::status(dir.file("keyring")).permissions();
  CHECK((mode & std::filesystem::perms{0077}) == std::filesystem::perms{});
  CHECK_FALSE(std::filesystem::exists(dir.file("keyring.new")));
}

TEST_CASE("keyring: another key, any flipped byte and any cut are refused") {
  const TempDir dir;
  CHECK(read_keyring(dir.file("keyring"), key()).error().code == Errc::not_set_up);
  REQUIRE(write_keyring(dir.file("keyring"), key(), example()));
  CHECK(read_keyring(dir.file("keyring"), secret(2)).error().code == Errc::damaged);
  const Bytes whole = read_file(dir.file("keyring"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    Bytes flipped = whole;
    flipped[at] ^= 1;
    write_file(dir.file("keyring"), flipped);
    const auto refused = read_keyring(dir.file("keyring"), key());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == (at == 0 ? Errc::unknown_version : Errc::damaged));
  }
  for (std::size_t n = 0; n < whole.size(); n += 7) {
    write_file(dir.file("keyring"), ByteView{whole}.first(n));
    CHECK(read_keyring(dir.file("keyring"), key()).error().code == Errc::damaged);
  }
}

TEST_CASE("keyring: writing again replaces it as a whole, with a fresh nonce") {
  const TempDir dir;
  REQUIRE(write_keyring(dir.file("keyring"), key(), example()));
  const Bytes first = read_file(dir.file("keyring"));
  REQUIRE(write_keyring(dir.file("keyring"), key(), example()));
  CHECK(read_file(dir.file("keyring")) != first);
  auto less = example();
  less.pairs.clear();
  REQUIRE(write_keyring(dir.file("keyring"), key(), less));
  CHECK(read_keyring(dir.file("keyring"), key())->pairs.empty());
  CHECK(write_keyring(dir.file("no/such/keyring"), key(), less).error().code != Errc::ok);
}
