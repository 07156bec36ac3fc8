// The kinds of findings of `kiz doctor`: to what each belongs, how serious it is, and the one command that mends it. Who
// finds something names its kind and says a sentence; nothing is found that does not stand here.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "libclient/translate.h"

namespace kiz::doctor {

/// good: looked at and fine. note: worth knowing. warning: works, but somebody should act. bad: does not work.
enum class State { good, note, warning, bad };

struct Kind {
  const char* name;   // stable, in JSON
  const char* check;  // "service", "store", "integrity", "clock", "network", "membership", "backup", "disk", "version", "permissions"
  State state;
  const char* mend = "";  // a command line; "{}" stands for a path, a user, a group, a device. Empty where all is good, and there alone
  int exit = 0;           // of a bad one: what kiz ends with (CLI contract)
};

inline constexpr Kind kinds[] = {
    {"daemon_runs", "service", State::good},
    {"no_daemon", "service", State::note, translatable("kiz sync --wait")},
    {"offline_by_hand", "service", State::warning, translatable("kiz online")},
    {"daemon_silent", "service", State::bad, "systemctl start kizd", 1},
    {"shut_out", "service", State::bad, "adduser {} {}", 13},

    {"store_opens", "store", State::good},
    {"quarantine", "store", State::warning, translatable("kiz quarantine list")},
    {"set_aside", "store", State::warning, translatable("kiz quarantine retry")},
    {"put_off", "store", State::warning, translatable("kiz device revoke {}")},
    {"waiting", "store", State::note, translatable("kiz sync --wait")},
    {"conflicts", "store", State::note, translatable("kiz conflict list")},
    {"not_set_up", "store", State::bad, "kiz", 10},
    {"store_in_use", "store", State::bad, translatable("kiz service status"), 11},
    {"store_locked", "store", State::bad, translatable("kiz status --password-file FILE"), 12},
    {"store_foreign", "store", State::bad, "ls -ld {}", 13},
    {"store_unreadable", "store", State::bad, "df -h {}", 17},
    {"store_closed", "store", State::bad, translatable("kiz bugreport FILE"), 1},

    {"history_sound", "integrity", State::good},
    {"history_unchecked", "integrity", State::note, translatable("kiz doctor --storage")},
    {"damaged", "integrity", State::bad, "mv {} {}", 18},
    {"pages_unreadable", "integrity", State::bad, "mv {} {}", 18},
    {"entries_damaged", "integrity", State::bad, translatable("kiz sync --wait"), 18},
    {"entries_fetched", "integrity", State::note, translatable("kiz doctor --storage")},
    {"entries_lost", "integrity", State::warning, translatable("kiz sync --wait")},
    {"derived_anew", "integrity", State::warning, translatable("kiz doctor --storage")},
    {"state_differs", "integrity", State::warning, translatable("kiz bugreport FILE")},
    {"peer_older", "integrity", State::note, translatable("kiz sync --wait")},
    {"state_mended", "integrity", State::note, translatable("kiz doctor --storage")},
    {"fork", "integrity", State::warning, translatable("kiz device list")},
    {"fork_full", "integrity", State::warning, translatable("kiz device revoke {}")},
    {"entries_missing", "integrity", State::warning, translatable("kiz sync --wait")},
    {"entries_withheld", "integrity", State::warning, translatable("kiz sync --wait")},
    {"checkpoint_differs", "integrity", State::warning, translatable("kiz bugreport FILE")},
    {"control_forked", "integrity", State::bad, translatable("kiz init --restore"), 18},
    {"kreis_forked", "integrity", State::bad, translatable("kiz bugreport FILE"), 18},
    {"control_unconfirmed", "integrity", State::warning, translatable("kiz service status")},
    {"restore_waits", "integrity", State::warning, translatable("kiz service status")},
    {"being_restored", "integrity", State::warning, translatable("kiz init --restore")},

    {"clock_fits", "clock", State::good},
    {"clock_impossible", "clock", State::bad, "timedatectl set-ntp true", 20},
    {"clock_days_behind", "clock", State::bad, "timedatectl set-ntp true", 20},
    {"clock_behind", "clock", State::warning, "timedatectl set-ntp true"},
    {"clock_unkept", "clock", State::note, "timedatectl set-ntp true"},

    {"peers_reached", "network", State::good},
    {"kreis_missed", "network", State::warning, translatable("kiz doctor --network")},
    {"nobody_can_call", "network", State::bad, "systemctl restart kizd", 1},
    {"address_open", "network", State::good},
    {"address_unknown", "network", State::warning, "getent hosts {}"},
    {"address_silent", "network", State::warning, translatable("kiz sync --wait")},
    {"address_far", "network", State::warning, "ip route"},

    {"member", "membership", State::good},
    {"not_joined", "membership", State::warning, translatable("kiz sync --wait")},
    {"membership_ends", "membership", State::warning, translatable("kiz device renew {}")},
    {"membership_ended", "membership", State::bad, translatable("kiz device renew {}"), 13},
    {"locked_out", "membership", State::bad, "mv {} {}", 13},
    {"unknown_device", "membership", State::warning, translatable("kiz device confirm {}")},
    {"others_end", "membership", State::warning, translatable("kiz device renew")},

    {"backup_fresh", "backup", State::good},
    {"backup_old", "backup", State::warning, translatable("kiz backup write FOLDER")},
    {"no_backup", "backup", State::warning, translatable("kiz backup write FOLDER")},

    {"disk_easy", "disk", State::good},
    {"disk_narrow", "disk", State::warning, "df -h {}"},
    {"disk_full", "disk", State::bad, "df -h {}", 17},

    {"store_version", "version", State::good},
    {"versions_differ", "version", State::warning, "systemctl restart kizd"},
    {"store_newer", "version", State::bad, "apt-get install --only-upgrade kiz-sync", 19},

    {"private", "permissions", State::good},
    {"folder_open", "permissions", State::warning, "chmod 700 {}"},
    {"folder_foreign", "permissions", State::warning, "chown -R {} {}"},
    {"file_open", "permissions", State::warning, "chmod 600 {}"},
};

/// The kind of that name; a name that does not stand in the table does not compile.
consteval const Kind& kind(std::string_view name) {
  for (const Kind& each : kinds) {
    if (name == each.name) return each;
  }
  throw "no such kind of finding";
}

/// The command of this kind, with its pieces put in as one word of a shell each.
std::string mend_of(const Kind& kind, std::initializer_list<std::string> pieces = {});

const char* name_of(State state);

}  // namespace kiz::doctor
