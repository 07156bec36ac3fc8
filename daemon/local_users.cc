#include "daemon/local_users.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace kiz {
namespace {

std::vector<std::string> groups_of(const passwd& user, gid_t first) {
  std::vector<gid_t> ids(64);
  int count = static_cast<int>(ids.size());
  if (::getgrouplist(user.pw_name, first, ids.data(), &count) < 0) {
    ids.resize(static_cast<std::size_t>(std::max(count, 0)));
    if (::getgrouplist(user.pw_name, first, ids.data(), &count) < 0) return {};
  }
  ids.resize(static_cast<std::size_t>(count));
  std::vector<std::string> names;
  for (const gid_t id : ids) {
    if (const group* known = ::getgrgid(id)) names.push_back(std::string{"@"} + known->gr_name);
  }
  return names;
}

}  // namespace

LocalUser local_user(int socket, const Config& config) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
  const passwd* known = ::getpwuid(peer.uid);
  const std::string id = std::to_string(peer.uid);
  LocalUser user{LocalRole::none, known != nullptr ? std::string{known->pw_name} + " (" + id + ")" : "(" + id + ")"};
  if (peer.uid == 0 || peer.uid == ::geteuid()) {
    user.role = LocalRole::administer;
    return user;
  }
  std::vector<std::string> words;
  if (known != nullptr) {
    words.push_back(known->pw_name);
    const auto groups = groups_of(*known, peer.gid);
    words.insert(words.end(), groups.begin(), groups.end());
  }
  for (std::size_t role = config.roles.size(); role-- > 0;) {
    const auto& listed = config.roles[role];
    const bool named = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return std::find(listed.begin(), listed.end(), word) != listed.end();
    });
    if (!named) continue;
    user.role = static_cast<LocalRole>(role + 1);
    break;
  }
  return user;
}

}  // namespace kiz
