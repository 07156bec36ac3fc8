// Whom this replica calls, and when: a town calls the Kreis and stays on the line; where the configuration names other
// devices (`peers`), it has a dialler for each of them too.
//
// The first call comes at once; how long later ones wait, backoff.h says. A refused invite is not repeated at all, because
// each wrong check number counts. `kiz sync` calls at once. Where the other side has called us, nobody calls it.
#pragma once

#include <asio.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/backoff.h"
#include "daemon/config.h"
#include "daemon/wakeup.h"
#include "kiz/ids.h"
#include "kiz/result.h"

namespace kiz {

class PeerConnection;
class PeerTalk;
class Server;

class Dialler {
 public:
  /// Calls the Kreis.
  explicit Dialler(Server& server);
  /// Calls another device of the realm.
  Dialler(Server& server, PeerAddress peer);

  void start();
  void stop();
  /// Something has changed, or a person asks: calls now, unless the line stands.
  void dial_now();
  /// Another invite or check number was given: a refusal of the one before no longer holds us back.
  void on_new_invite();

  /// While a person waits, failed calls are repeated every few seconds.
  class Impatience {
   public:
    explicit Impatience(Dialler& dialler) : dialler_(dialler) { ++dialler_.impatient_; }
    ~Impatience() { --dialler_.impatient_; }
    Impatience(const Impatience&) = delete;
    Impatience& operator=(const Impatience&) = delete;

   private:
    Dialler& dialler_;
  };

  /// There is somebody to call: a Kreis that this device has joined or has an invite of; a device that is not locked out.
  bool has_somebody() const;
  /// The device that the configuration means; nothing for the Kreis's dialler, or where there is no such device.
  std::optional<TransportKey> member() const;
  /// The present line; null: none.
  const PeerConnection* line() const { return line_; }
  /// Calls that ended since the start, well or not; and why the last one failed. Cleared when a line stands.
  std::uint64_t calls_ended() const { return calls_ended_; }
  const std::optional<Error>& last_failure() const { return last_failure_; }
  /// The invite was refused: no call comes by itself before on_new_invite().
  bool gave_up() const { return invite_refused_; }

 private:
  asio::awaitable<void> run();
  asio::awaitable<void> call();
  asio::awaitable<bool> connect(asio::ip::tcp::socket& socket, std::string address);
  std::vector<std::string> addresses() const;
  bool may_call() const;
  bool is_on_the_line() const;
  Result<std::unique_ptr<PeerTalk>> make_talk() const;
  std::chrono::milliseconds pause();

  Server& server_;
  std::optional<PeerAddress> peer_;  // none: the Kreis
  Wakeup wakeup_;
  const PeerConnection* line_ = nullptr;
  std::optional<Error> last_failure_;
  std::uint64_t calls_ended_ = 0;
  CallEnd ended_ = CallEnd::failed;
  unsigned refused_ = 0;  // calls in a row, for call_member()
  unsigned impatient_ = 0;
  bool network_is_down_ = false;  // no packet left this machine: nobody is bothered by trying again soon
  bool urgent_ = false;
  bool invite_refused_ = false;
  bool stopped_ = false;
};

}  // namespace kiz
