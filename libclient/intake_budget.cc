#include "libclient/intake_budget.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "protocol/limits.h"

namespace kiz {
namespace {

constexpr std::uint64_t day_ms = 24ull * 60 * 60 * 1000;
constexpr std::uint64_t minute_ms = 60ull * 1000;
constexpr std::uint64_t op_bytes = 64;         // a cell in a record's state, its share of the record's row and of indexes
constexpr std::uint64_t unwritten_share = 256;  // of a burst: so much may be forgotten in a crash, and spares most commits a write

}  // namespace

IntakeBudget::IntakeBudget(const ReplicaOptions& options)
    : burst_bytes_(std::max<std::uint64_t>(options.author_burst_bytes.value_or(limits::author_burst_bytes), 1)),
      daily_bytes_(options.author_daily_bytes.value_or(limits::author_daily_bytes)) {}

// Only whole bytes are forgotten, and only the time that they took has passed: who takes often and little loses none of it.
IntakeBudget::Account IntakeBudget::settled(Account account, std::uint64_t now_ms) const {
  if (now_ms <= account.at_ms) {
    account.at_ms = now_ms;
    return account;
  }
  const double bytes_per_ms = static_cast<double>(daily_bytes_) / static_cast<double>(day_ms);
  const double forgotten = static_cast<double>(now_ms - account.at_ms) * bytes_per_ms;
  if (forgotten >= static_cast<double>(account.bytes)) {
    account.bytes = 0;
    account.at_ms = now_ms;
  } else if (const auto whole = static_cast<std::uint64_t>(forgotten); whole > 0) {
    account.bytes -= whole;
    account.at_ms += static_cast<std::uint64_t>(static_cast<double>(whole) / bytes_per_ms);
  }
  return account;
}

bool IntakeBudget::is_spent(const AuthorKey& author, std::uint64_t now_ms) const {
  const auto changed = batch_.find(author), known = accounts_.find(author);
  if (changed != batch_.end()) return changed->second.now.bytes >= burst_bytes_;
  return known != accounts_.end() && settled(known->second.now, now_ms).bytes >= burst_bytes_;
}

std::map<AuthorKey, IntakeBudget::Account> IntakeBudget::accounts() const {
  std::map<AuthorKey, Account> out;
  for (const auto& [author, held] : accounts_) out.emplace(author, held.now);
  return out;
}

IntakeBudget::Held& IntakeBudget::in_batch(const AuthorKey& author, std::uint64_t now_ms) {
  auto [held, is_new] = batch_.try_emplace(author);
  if (const auto known = accounts_.find(author); is_new && known != accounts_.end()) held->second = known->second;
  held->second.now = settled(held->second.now, now_ms);
  return held->second;
}

void IntakeBudget::take(const AuthorKey& author, std::uint64_t bytes, std::uint64_t now_ms) {
  in_batch(author, now_ms).now.bytes += bytes;
}

void IntakeBudget::put_off(const AuthorKey& author, std::uint64_t now_ms) { in_batch(author, now_ms).now.put_off_ms = now_ms; }

std::map<AuthorKey, IntakeBudget::Account> IntakeBudget::unwritten() {
  std::map<AuthorKey, Account> out;
  for (auto& [author, held] : batch_) {
    const bool more = held.now.bytes > held.written.bytes + burst_bytes_ / unwritten_share;
    const bool told = held.now.put_off_ms > held.written.put_off_ms + 60 * minute_ms;
    if (!more && !told) continue;
    held.written = held.now;
    out.emplace(author, held.now);
  }
  return out;
}

void IntakeBudget::end() {
  for (const auto& [author, held] : batch_) accounts_[author] = held;
  batch_.clear();
}

std::uint64_t room_of(const EntryBody& body, std::size_t packed_bytes) { return packed_bytes + op_bytes * body.ops.size(); }

bool is_reserve(std::uint64_t free_bytes, std::uint64_t disk_bytes) {
  return free_bytes < std::min<std::uint64_t>(limits::disk_reserve_bytes_max, disk_bytes / limits::disk_reserve_share);
}

bool is_reserve_reached(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) != 0) return false;
  return is_reserve(static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize, static_cast<std::uint64_t>(disk.f_blocks) * disk.f_frsize);
}

}  // namespace kiz
