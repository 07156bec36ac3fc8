#include "protocol/entry.h"

#include <algorithm>

#include "protocol/entry_fields.h"
#include "protocol/mutants.h"

namespace kiz {
namespace {

constexpr char log_label[] = "kiz-sync log v1";
constexpr char entry_label[] = "kiz-sync entry v1";
constexpr char ops_label[] = "kiz-sync ops v1";
constexpr char nonce_label[] = "kiz-sync nonce v1";
constexpr char value_label[] = "kiz-sync value v1";
constexpr std::size_t value_padding_bytes = 32;

// The structure of one op: record apart, since a group of ops shares it.
void save_shape(wire::Writer& ar, const Op& op) {
  // One byte says mode, and whether cells and origin follow: most ops have neither.
  const auto bits = static_cast<std::uint8_t>(static_cast<unsigned>(op.mode) | (op.cells.empty() ? 0u : 8u) |
                                              (op.origin ? 16u : 0u));
  ar(op.field, bits);
  if (!op.cells.empty()) {
    auto& cells = const_cast<std::vector<CellName>&>(op.cells);
    ar(wire::sorted_set(cells, limits::cells_max, cell_bytes_min));
  }
  if (op.origin) {
    CellName cell = op.origin->cell;
    ar(cell, op.origin->hlc);
  }
}

void load_shape(wire::Reader& ar, Op& op) {
  std::uint8_t bits = 0;
  ar(op.field, bits);
  if (bits > 31 || (bits & 7) > static_cast<unsigned>(Mode::undo)) throw wire::Refused{Errc::malformed, "op"};
  op.mode = static_cast<Mode>(bits & 7);
  if ((bits & 8) != 0) {
    ar(wire::sorted_set(op.cells, limits::cells_max, cell_bytes_min));
    if (op.cells.empty()) throw wire::Refused{Errc::not_canonical, "op"};
  }
  if ((bits & 16) != 0) {
    Origin& origin = op.origin.emplace();
    ar(origin.cell, origin.hlc);
  }
}

void save_group_head(wire::Writer& ar, const RecordId& record, std::size_t count) {
  ar(record.kind, record.key);
  ar.varint(count);
}

}  // namespace

std::vector<OpGroup> group_ops(const std::vector<Op>& ops) {
  std::vector<OpGroup> out;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (out.empty() || out.back().record != ops[i].record) out.push_back({ops[i].record, i, 0});
    ++out.back().count;
  }
  return out;
}

void save_body(wire::Writer& ar, const EntryBody& body) {
  auto& seen = const_cast<std::vector<Head>&>(body.seen);
  auto control = body.control;
  ar(body.hlc, control, wire::sorted_set(seen, limits::seen_max, head_bytes_min), body.flags, body.salt);
  const auto groups = group_ops(body.ops);
  ar.varint(groups.size());
  std::size_t proof = 0;
  for (const OpGroup& group : groups) {
    save_group_head(ar, group.record, group.count);
    for (std::size_t i = group.first; i < group.first + group.count; ++i) {
      const Op& op = body.ops[i];
      save_shape(ar, op);
      if (!carries_value(op.mode)) continue;
      if (!body.salt) {
        const ValueProof& held = body.proofs.at(proof++);
        ar.varint(held.nonce ? 1 : 0);
        if (!held.nonce) {
          ar(*held.commitment);
          continue;
        }
        ar(*held.nonce);
      }
      ar(*op.value);
    }
  }
}

void load_body(wire::Reader& ar, EntryBody& body) {
  const std::size_t left_at_begin = ar.left();
  ar(body.hlc, body.control, wire::sorted_set(body.seen, limits::seen_max, head_bytes_min), body.flags, body.salt);
  body.ops.clear();
  body.proofs.clear();
  constexpr std::size_t op_bytes_min = 2;
  const std::size_t groups = ar.count(limits::ops_max, 1 + RecordKey::size_bytes + 1 + op_bytes_min);
  for (std::size_t g = 0; g < groups; ++g) {
    RecordId record;
    ar(record.kind, record.key);
    if (!body.ops.empty() && body.ops.back().record == record) throw wire::Refused{Errc::not_canonical, "ops of one record"};
    const std::size_t count = ar.count(limits::ops_max - body.ops.size(), op_bytes_min);
    if (count == 0) throw wire::Refused{Errc::not_canonical, "ops of one record"};
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t left_before = ar.left();
      Op& op = body.ops.emplace_back();
      op.record = record;
      load_shape(ar, op);
      if (carries_value(op.mode)) {
        bool held = true;
        if (!body.salt) {
          ValueProof& proof = body.proofs.emplace_back();
          ar(held);
          if (held) {
            ar(proof.nonce.emplace());
          } else {
            ar(proof.commitment.emplace());
          }
        }
        if (held) ar(op.value.emplace());
      }
      if (left_before - ar.left() > limits::op_bytes_max) throw wire::Refused{Errc::over_limit, "op"};
    }
  }
  if (!body.salt && std::none_of(body.proofs.begin(), body.proofs.end(), [](const auto& p) { return p.commitment; })) {
    // With every value held there is one spelling: the salt. (An entry that carries no value at all keeps its salt too.)
    throw wire::Refused{Errc::not_canonical, "salt"};
  }
  // Once a value goes, each of the others stands with a nonce of its own: that spelling must fit into a run and a store, too.
  const auto values = std::count_if(body.ops.begin(), body.ops.end(), [](const Op& op) { return carries_value(op.mode); });
  const std::size_t nonces_later = body.salt ? static_cast<std::size_t>(values) * (1 + Nonce::size_bytes) : 0;
  if (left_at_begin - ar.left() + nonces_later > limits::entry_bytes_max) throw wire::Refused{Errc::over_limit, "entry"};
}

LogId log_id(const Genesis& genesis) { return crypto::as<LogId>(crypto::hash(log_label, wire::encode(genesis))); }

EntryHash entry_hash(const EntryHeader& header) {
  return crypto::as<EntryHash>(crypto::hash(entry_label, wire::encode(header)));
}

Nonce op_nonce(const Salt& salt, std::uint32_t op_index) {
  std::uint8_t in[Salt::size_bytes + 4];
  std::copy(salt.bytes.begin(), salt.bytes.end(), in);
  for (unsigned i = 0; i < 4; ++i) in[Salt::size_bytes + i] = static_cast<std::uint8_t>(op_index >> (8 * (3 - i)));
  return crypto::as<Nonce>(crypto::hash(nonce_label, in));
}

Commitment commit_value(const Nonce& nonce, const Value& value) {
  static constexpr std::uint8_t zeros[value_padding_bytes] = {};
  const wire::ValueBytes bytes{value};
  if (KIZ_MUTANT(value_not_committed)) return crypto::as<Commitment>(crypto::hash(value_label, nonce));
  const std::size_t over = (bytes.head().size() + bytes.content().size()) % value_padding_bytes;
  const ByteView padding{zeros, over == 0 ? 0 : value_padding_bytes - over};
  return crypto::as<Commitment>(crypto::hash_pieces(value_label, {nonce, bytes.head(), bytes.content(), padding}));
}

std::vector<Commitment> commitments(const EntryBody& body) {
  std::vector<Commitment> out;
  out.reserve(body.ops.size());
  std::size_t proof = 0;
  for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
    const Op& op = body.ops[i];
    if (!carries_value(op.mode)) continue;
    if (body.salt) {
      out.push_back(commit_value(op_nonce(*body.salt, i), *op.value));
    } else {
      const ValueProof& held = body.proofs.at(proof++);
      out.push_back(held.nonce ? commit_value(*held.nonce, *op.value) : *held.commitment);
    }
  }
  return out;
}

Hash ops_root(const EntryBody& body) {
  const auto committed = commitments(body);
  auto next = committed.begin();
  constexpr std::size_t op_bytes_likely = Commitment::size_bytes + 8;
  wire::Writer ar;
  ar.reserve(body.ops.size() * op_bytes_likely);
  const auto groups = group_ops(body.ops);
  ar.varint(groups.size());
  for (const OpGroup& group : groups) {
    save_group_head(ar, group.record, group.count);
    for (std::size_t i = group.first; i < group.first + group.count; ++i) {
      save_shape(ar, body.ops[i]);
      if (carries_value(body.ops[i].mode)) ar(*next++);
    }
  }
  return crypto::hash(ops_label, ar.bytes());
}

EntryHeader header_of(const EntryBody& body, const LogId& log, Seq seq, const EntryHash& backlink) {
  return header_of(body, ops_root(body), log, seq, backlink);
}

EntryHeader header_of(const EntryBody& body, const Hash& root, const LogId& log, Seq seq, const EntryHash& backlink) {
  EntryHeader out;
  out.log = log;
  out.seq = seq;
  out.backlink = backlink;
  out.hlc = body.hlc;
  out.control = body.control;
  out.seen = body.seen;
  out.ops_root = root;
  out.flags = body.flags;
  return out;
}

namespace {
Result<void> check_op(const Op& op) {
  const bool about_existence = op.mode == Mode::del || op.mode == Mode::undo;
  if (about_existence != (op.field == field_existence)) return Error{Errc::malformed, "op on existence"};
  if (op.mode == Mode::add && !op.cells.empty()) return Error{Errc::malformed, "add lists cells"};
  if (op.mode == Mode::remove && op.cells.empty()) return Error{Errc::malformed, "remove lists nothing"};
  if (op.origin && !carries_value(op.mode)) return Error{Errc::malformed, "origin without value"};
  if (is_note(op) && (op.mode != Mode::replace || op.record.key != RecordKey{} || !op.cells.empty() || op.origin)) {
    return Error{Errc::malformed, "note"};
  }
  return {};
}
}  // namespace

Result<void> check_body(const EntryBody& body) {
  if (body.ops.empty()) return Error{Errc::malformed, "entry without ops"};
  if (body.ops.size() > limits::ops_max) return Error{Errc::over_limit, "ops"};
  if (body.control.seq == 0) return Error{Errc::malformed, "entry without control position"};
  for (const Op& op : body.ops) {
    if (auto good = check_op(op); !good) return good;
  }
  for (const Head& head : body.seen) {
    if (head.seq == 0) return Error{Errc::malformed, "seen"};
  }
  return {};
}

void drop_values(EntryBody& body, const std::vector<std::uint32_t>& gone) {
  const auto committed = commitments(body);
  std::vector<ValueProof> proofs;
  std::size_t index = 0;
  bool dropped = false;
  for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
    Op& op = body.ops[i];
    if (!carries_value(op.mode)) continue;
    ValueProof proof = body.salt ? ValueProof{op_nonce(*body.salt, i), {}} : body.proofs[index];
    if (std::find(gone.begin(), gone.end(), i) != gone.end()) {
      proof = {{}, committed[index]};
      op.value.reset();
    }
    dropped |= proof.commitment.has_value();
    proofs.push_back(proof);
    ++index;
  }
  if (!dropped) return;  // nothing named here carries a value: the salt stays
  body.salt.reset();
  body.proofs = std::move(proofs);
}

namespace {
/// Index into the proofs; only ops that carry a value have one.
std::optional<std::size_t> proof_index(const EntryBody& body, std::uint32_t op) {
  if (op >= body.ops.size() || !carries_value(body.ops[op].mode)) return std::nullopt;
  const auto valued = [](const Op& before) { return carries_value(before.mode); };
  return static_cast<std::size_t>(std::count_if(body.ops.begin(), body.ops.begin() + op, valued));
}
}  // namespace

bool put_value_back(EntryBody& body, std::uint32_t op, const Nonce& nonce, const std::optional<Salt>& salt, const Value& value) {
  const auto at = proof_index(body, op);
  if (!at || body.salt || body.ops[op].value) return false;
  if (commit_value(nonce, value) != *body.proofs[*at].commitment) return false;
  const auto missing = std::count_if(body.proofs.begin(), body.proofs.end(), [](const ValueProof& proof) { return proof.commitment.has_value(); });
  if (missing == 1) {
    if (!salt || op_nonce(*salt, op) != nonce) return false;
    for (std::uint32_t i = 0; i < body.ops.size(); ++i) {
      if (i != op && carries_value(body.ops[i].mode) && nonce_of(body, i) != op_nonce(*salt, i)) return false;
    }
    body.salt = salt;
    body.proofs.clear();
  } else {
    body.proofs[*at] = {nonce, {}};
  }
  body.ops[op].value = value;
  return true;
}

std::optional<Nonce> nonce_of(const EntryBody& body, std::uint32_t op) {
  const auto at = proof_index(body, op);
  if (!at || !body.ops[op].value) return std::nullopt;
  return body.salt ? op_nonce(*body.salt, op) : *body.proofs[*at].nonce;
}

Bytes encode_run(const Run& run) { return wire::encode(run); }

Result<VerifiedRun> decode_run(ByteView in, const std::optional<AuthorKey>& author) {
  if (in.size() > limits::run_bytes_max) return Error{Errc::over_limit, "run"};
  auto run = wire::decode<Run>(in);
  if (!run) return run.error();
  return verify_run(std::move(*run), author);
}

Result<RunHead> read_run_head(ByteView in) {
  try {
    wire::Reader ar{in};
    Run run;
    ar(run.version, run.suite, run.log, run.genesis);
    if (run.version != entry_version || run.suite != entry_suite) return Error{Errc::unknown_version, "run"};
    return RunHead{run.log, std::move(run.genesis)};
  } catch (const wire::Refused& refused) {
    return Error{refused.code, refused.what};
  }
}

Result<VerifiedRun> verify_run(Run run, const std::optional<AuthorKey>& author) {
  if (run.version != entry_version || run.suite != entry_suite) return Error{Errc::unknown_version, "run"};
  if (run.entries.empty() || run.first_seq == 0) return Error{Errc::malformed, "run"};
  if (run.first_seq > UINT64_MAX - limits::run_entries_max) return Error{Errc::over_limit, "seq"};
  if ((run.first_seq == 1) != run.genesis.has_value()) return Error{Errc::malformed, "genesis"};
  if (run.genesis && (log_id(*run.genesis) != run.log || run.before != EntryHash::from(run.log))) {
    return Error{Errc::broken_chain, "genesis"};
  }
  const std::optional<AuthorKey> key = run.genesis ? std::optional{run.genesis->author} : author;
  if (!key) return Error{Errc::unknown_log, "run"};

  VerifiedRun out;
  EntryHash before = run.before;
  Seq seq = run.first_seq;
  for (const EntryBody& body : run.entries) {
    if (auto good = check_body(body); !good) return good.error();
    before = entry_hash(header_of(body, run.log, seq++, before));
    out.hashes.push_back(before);
  }
  if (!KIZ_MUTANT(skip_signature) && !crypto::verify(*key, run_label, before, run.signature)) return Error{Errc::bad_signature, "run"};
  out.run = std::move(run);
  return out;
}

}  // namespace kiz
