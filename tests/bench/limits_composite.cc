// The least our workloads must do, written as a plain program over SQLite would do it.
#include <sodium.h>

#include <stdexcept>

#include "protocol/crypto.h"
#include "tests/bench/limits.h"
#include "tests/bench/plain_record.h"

namespace kiz::bench {
namespace {

std::string joined(const std::array<std::string_view, 3>& words) {
  std::string out;
  for (const auto word : words) (out += out.empty() ? "" : ",") += word;
  return out;
}

Database& with_tables(Database& database) {
  database.run(
      "CREATE TABLE IF NOT EXISTS state(id BLOB PRIMARY KEY, title, description, provider, field_of_action, stage,"
      " target_groups, languages, municipality, status, valid_from, valid_until, contact, capacity);"
      "CREATE INDEX IF NOT EXISTS state_municipality ON state(municipality);"
      "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, hash BLOB, signature BLOB, body BLOB)");
  return database;
}

constexpr auto log_insert = "INSERT INTO log VALUES(?,?,?,?)";

}  // namespace

PlainRecord plain_record(const Offer& o) {
  return {from_hex(o.id),
          {o.title, o.description, std::string{o.provider}, std::string{o.field_of_action}, std::string{o.stage},
           joined(o.target_groups), joined(o.languages), o.municipality, std::string{o.status}, o.valid_from,
           o.valid_until, o.contact},
          o.capacity};
}

PlainState::PlainState(Database& database)
    : insert_{with_tables(database), "INSERT OR REPLACE INTO state VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
      update_{database, "UPDATE state SET status=? WHERE id=?"} {}

void PlainState::put(const PlainRecord& record) {
  int at = 0;
  insert_.bind(++at, ByteView{record.id});
  for (const auto& text : record.texts) insert_.bind(++at, std::string_view{text});
  insert_.bind(++at, record.capacity);
  insert_.step();
}

void PlainState::set_status(const PlainChange& change) { update_.run(std::string_view{change.value}, ByteView{change.id}); }

Limit limit_signed_edit(const Options& o, Pages pages) {
  const std::uint64_t n = std::min<std::uint64_t>(o.n, 2000);
  const WorkFolder folder{o.folder};
  Database database{folder.path() / "db", pages};
  PlainState state{database};
  Statement log{database, log_insert};
  const crypto::SigningKey key{Bytes(32, 7)};
  OfferGenerator generator{o.seed};
  Hash head;

  Stopwatch watch;
  for (std::uint64_t i = 0; i < n; ++i) {
    const PlainRecord record = plain_record(generator.next());
    const Bytes body = wire::encode(record);
    head = crypto::Hasher{"bench entry"}.add(head).add(body).finish();
    const Signature signature = key.sign("bench entry", head);
    database.run("BEGIN IMMEDIATE");
    log.run(static_cast<std::int64_t>(i), ByteView{head}, ByteView{signature}, ByteView{body});
    state.put(record);
    database.run("COMMIT");
  }
  return {pages == Pages::plain ? "signed durable edit" : "signed durable edit, encrypted pages", n, watch.seconds(), "edits"};
}

namespace {

constexpr std::size_t frame_bytes = 60u << 10;
constexpr std::size_t frames_per_transaction = 16;  // about 1 MiB, one run

struct Channel {
  unsigned char key[crypto_aead_chacha20poly1305_ietf_KEYBYTES] = {1, 2, 3};
  unsigned char nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES] = {};

  Bytes seal(ByteView plain) {
    sodium_increment(nonce, sizeof nonce);
    Bytes out(plain.size() + crypto_aead_chacha20poly1305_ietf_ABYTES);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(), nullptr, 0, nullptr,
                                              nonce, key);
    return out;
  }
  Bytes open(ByteView sealed) {
    sodium_increment(nonce, sizeof nonce);
    Bytes out(sealed.size() - crypto_aead_chacha20poly1305_ietf_ABYTES);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, sealed.data(), sealed.size(), nullptr,
                                                  0, nonce, key) != 0) {
      throw std::runtime_error{"a frame of our own did not open"};
    }
    return out;
  }
};

struct Sent {
  std::vector<Bytes> frames;
  Hash head;
};

// n bodies as they would come: chained, in encrypted frames.
template <class NextBody>
Sent sent(std::uint64_t n, NextBody next_body) {
  Sent out;
  Channel channel;
  wire::Writer frame;
  for (std::uint64_t i = 0; i < n; ++i) {
    const Bytes body = next_body();
    out.head = crypto::Hasher{"bench entry"}.add(out.head).add(body).finish();
    if (frame.bytes().size() + body.size() > frame_bytes) out.frames.push_back(channel.seal(frame.take()));
    frame.varint(body.size());
    frame.raw(body);
  }
  out.frames.push_back(channel.seal(frame.bytes()));
  return out;
}

// Takes it all in, in large transactions, and hands each decoded Body to `keep`. Returns the seconds.
template <class Body, class Keep>
double receive(Database& database, const Sent& sent, Keep keep) {
  Statement log{database, log_insert};
  Channel channel;
  Hash head;
  std::int64_t seq = 0;

  const Stopwatch watch;
  for (std::size_t i = 0; i < sent.frames.size(); ++i) {
    if (i % frames_per_transaction == 0) database.run("BEGIN IMMEDIATE");
    const Bytes frame = channel.open(sent.frames[i]);
    for (wire::Reader in{frame}; in.left() > 0;) {
      const ByteView bytes = in.raw(in.count(frame_bytes, 1));
      head = crypto::Hasher{"bench entry"}.add(head).add(bytes).finish();
      const auto body = wire::decode<Body>(bytes);
      if (!body) throw std::runtime_error{"a record of our own was refused"};
      log.run(++seq, ByteView{head}, ByteView{}, bytes);
      keep(*body);
    }
    if ((i + 1) % frames_per_transaction == 0 || i + 1 == sent.frames.size()) database.run("COMMIT");
  }
  const double seconds = watch.seconds();
  if (head != sent.head) throw std::runtime_error{"the chain does not end where it should"};
  return seconds;
}

}  // namespace

Limit limit_receive(const Options& o, Pages pages) {
  OfferGenerator generator{o.seed};
  const Sent records = sent(o.n, [&] { return wire::encode(plain_record(generator.next())); });
  const WorkFolder folder{o.folder};
  Database database{folder.path() / "db", pages};
  PlainState state{database};
  const double seconds = receive<PlainRecord>(database, records, [&](const PlainRecord& record) { state.put(record); });
  return {pages == Pages::plain ? "receive" : "receive, encrypted pages", o.n, seconds, "records"};
}

Limit limit_receive_changes(const Options& o, std::uint64_t changes, Pages pages) {
  OfferGenerator generator{o.seed};
  const Sent all = sent(changes, [&] { return wire::encode(PlainChange{from_hex(generator.next().id), 10, "edit-A"}); });
  const WorkFolder folder{o.folder};
  Database database{folder.path() / "db", pages};
  PlainState state{database};
  database.run("BEGIN IMMEDIATE");
  OfferGenerator held{o.seed};
  for (std::uint64_t i = 0; i < o.n; ++i) state.put(plain_record(held.next()));
  database.run("COMMIT");
  const double seconds = receive<PlainChange>(database, all, [&](const PlainChange& change) { state.set_status(change); });
  return {pages == Pages::plain ? "receive changes of one field" : "receive changes of one field, encrypted pages", changes, seconds, "changes"};
}

std::vector<Limit> all_limits(const Options& o) {
  return {limit_fdatasync(o),
          limit_commit(o),
          limit_log_append(o),
          limit_sorted_rows(o),
          limit_bulk_rows(o, Pages::plain),
          limit_bulk_rows(o, Pages::encrypted),
          limit_sign(o),
          limit_verify(o),
          limit_hash(o),
          limit_seal(o),
          limit_compress(o),
          limit_round_trip(o),
          limit_two_syncs_and_hop(o),
          limit_signed_edit(o, Pages::plain),
          limit_signed_edit(o, Pages::encrypted),
          limit_receive(o, Pages::plain),
          limit_receive(o, Pages::encrypted),
          limit_receive_changes(o, (o.n + 9) / 10, Pages::encrypted)};
}

}  // namespace kiz::bench
