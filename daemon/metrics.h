// /metrics: figures of this daemon in the text form of Prometheus, version 0.0.4. Names carry their unit; what only grows
// ends in _total. Labels are words of our own from short lists (a reason, a state): no names, no addresses, nothing that
// grows with the number of members.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiz {

class Server;

/// Puts the text together: a family's HELP and TYPE once, then its samples.
class MetricText {
 public:
  struct Label {
    std::string_view name, value;
  };

  /// `type`: "counter", "gauge", "histogram"
  void family(std::string_view name, std::string_view type, std::string_view help);
  /// A sample of the family that was begun last; `suffix` "_bucket" and the like.
  void sample(double value, const std::vector<Label>& labels = {}, std::string_view suffix = {});
  /// A family with one sample.
  void single(std::string_view name, std::string_view type, std::string_view help, double value);
  std::string take() { return std::move(text_); }

 private:
  std::string text_, name_;
};

/// All families of this daemon; before set-up those that need no store.
std::string metrics_text(Server& server);

/// {"live": true, "ready": ..., "set_up", "joined", "store"}: ready means set up and able to take an edit.
struct Health {
  bool ready = false;
  std::string json;
};
Health health(Server& server);

}  // namespace kiz
