// Whom this replica calls, and when: a town calls the Kreis and stays on the line.
//
// The first call comes at once. When a line breaks on which all was exchanged, three quick calls follow (1, 2, 4 s); a call
// that fails otherwise is repeated once a minute at most, so that a hundred towns do not storm a node that starts again.
// A refusal by name (locked out, expired) is repeated every ten minutes; a refused invite not at all, because each wrong
// check number counts. Pauses are drawn by lot: short ones between half and one and a half of these, those of a minute
// and more never shorter. `kiz sync` calls at once.
#pragma once

#include <asio.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/wakeup.h"
#include "kiz/result.h"

namespace kiz {

class PeerConnection;
class Server;

class Dialler {
 public:
  explicit Dialler(Server& server);

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

  /// There is somebody to call: a Kreis that this device has joined or has an invite of.
  bool has_somebody() const;
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
  std::chrono::milliseconds pause();

  Server& server_;
  Wakeup wakeup_;
  const PeerConnection* line_ = nullptr;
  std::optional<Error> last_failure_;
  std::uint64_t calls_ended_ = 0;
  unsigned quick_calls_left_ = 0;
  unsigned quick_calls_made_ = 0;
  unsigned impatient_ = 0;
  bool network_is_down_ = false;  // no packet left this machine: nobody is bothered by trying again soon
  bool urgent_ = false;
  bool invite_refused_ = false;
  bool stopped_ = false;
};

}  // namespace kiz
