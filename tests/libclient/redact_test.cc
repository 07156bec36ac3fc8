#include "libclient/redact.h"

#include <doctest/doctest.h>

using namespace kiz;

TEST_CASE("redact: names, addresses, paths and keys are replaced, the rest stays") {
  const std::vector<Marker> markers = {{"Kreis Borken", "<realm>"}, {"Ahaus", "<member>"}, {"x", "<short>"}};
  const auto check = [&](const std::string& text, const std::string& wanted) { CHECK(redacted(text, markers) == wanted); };
  check("AHAUS in kreis borken, x", "<member> in <realm>, x");
  check("open /var/lib/kiz-sync/key: no", "open <path>: no");
  check("~/.local/share x ../up", "<path> x <path>");
  check("from 192.0.2.7:7411 and [2001:db8::1]:7411", "from <address> and <address>");
  check("kiz.kreis-borken.de:7411", "<address>");
  check("write to anna.muster@ahaus.de please", "write to <mail> please");
  check("key 0123456789abcdef0123456789abcdef end", "key <digits> end");
  check("peer_gone device=G-2 code=E_SILENT_PEER", "peer_gone device=G-2 code=E_SILENT_PEER");
  check("system: Debian GNU/Linux 12 (bookworm), Linux 6.1", "system: Debian GNU/Linux 12 (bookworm), Linux 6.1");
  check("GNU/Linux", "GNU/Linux");
  check("open /Linux/anna and a/Linux-anna and /home/Linux", "open <path> and a<path> and <path>");
  check("store: 17 entries, 4096 bytes", "store: 17 entries, 4096 bytes");
}

TEST_CASE("redact: a long line is cut, line ends stay") {
  const std::string text = std::string(5000, ' ') + "\nsecond\n";
  const std::string out = redacted(text, {});
  CHECK(out.size() == 2000 + std::string{"\nsecond\n"}.size());
  CHECK(out.ends_with("\nsecond\n"));
}
