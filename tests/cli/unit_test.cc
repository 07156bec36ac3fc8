#include "cli/unit.h"

#include <doctest/doctest.h>

using kiz::cli::Unit;
using kiz::cli::unit_at;

TEST_CASE("unit: the socket says whose daemon it is") {
  CHECK(unit_at("/run/kiz-sync/control.sock", "") == Unit{"kizd", false});
  CHECK(unit_at("/run/kiz-sync-ahaus/control.sock", "") == Unit{"kizd@ahaus", false});
  CHECK(unit_at("/run/kiz-sync-kreis-borken/control.sock", "/run/user/1000") == Unit{"kizd@kreis-borken", false});
  CHECK(unit_at("/run/user/1000/kiz-sync/control.sock", "/run/user/1000") == Unit{"kizd", true});
  CHECK(unit_at("/run/user/1000//kiz-sync/./control.sock", "/run/user/1000/") == Unit{"kizd", true});
}

TEST_CASE("unit: a daemon that somebody started otherwise has none") {
  for (const char* socket : {"/home/anna/d/ahaus/control.sock", "/run/user/1001/kiz-sync/control.sock", "/run/kiz-sync/other.sock", "/run/kiz-sync-/control.sock",
                             "/run/kiz-synch/control.sock", "/run/a/kiz-sync/control.sock", "control.sock", "/run/kiz-sync-a;reboot/control.sock", ""}) {
    CAPTURE(socket);
    CHECK_FALSE(unit_at(socket, "/run/user/1000"));
  }
  CHECK_FALSE(unit_at("/kiz-sync/control.sock", ""));
}

TEST_CASE("unit: commands, journal and configuration are those of this unit") {
  const Unit machine, ahaus{"kizd@ahaus", false}, own{"kizd", true};
  CHECK(machine.systemctl("start") == "systemctl start kizd");
  CHECK(ahaus.systemctl("start") == "systemctl start kizd@ahaus");
  CHECK(own.systemctl("restart") == "systemctl --user restart kizd");

  CHECK(machine.mend("systemctl restart kizd") == "systemctl restart kizd");
  CHECK(ahaus.mend("systemctl restart kizd") == "systemctl restart kizd@ahaus");
  CHECK(own.mend("systemctl start kizd") == "systemctl --user start kizd");
  CHECK(ahaus.mend("kiz sync --wait") == "kiz sync --wait");

  CHECK(machine.journal_option() == "--unit=kizd.service");
  CHECK(ahaus.journal_option() == "--unit=kizd@ahaus.service");
  CHECK(own.journal_option() == "--user-unit=kizd.service");

  CHECK(ahaus.config_file() == "/etc/kiz-sync/instanzen/ahaus.toml");
  CHECK(machine.config_file().empty());
  CHECK(own.config_file().empty());
}
