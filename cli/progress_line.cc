#include "cli/progress_line.h"

#include <cmath>

#include "cli/text.h"
#include "libclient/safe_text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
using namespace std::chrono_literals;
constexpr auto silent_for = 500ms;
constexpr auto rewritten_every = 100ms;
constexpr auto plain_every = 10s;

std::string shown_count(std::uint64_t n) { return shown_number(static_cast<std::int64_t>(n)); }

std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  return whole < 100 ? tr("{} s", {std::to_string(whole)}) : tr("{} min", {shown_number((whole + 59) / 60)});
}
}  // namespace

std::string progress_sentence(const std::string& what, std::uint64_t done, std::uint64_t total, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text = what + ": " + (total > 0 ? tr("{} of {}", {shown_count(done), shown_count(total)}) : shown_count(done));
  if (rate < 0.5) return text;
  text += ", " + tr("{}/s", {shown_count(static_cast<std::uint64_t>(std::llround(rate)))});
  if (total > done) text += ", " + tr("{} left", {duration(static_cast<double>(total - done) / rate)});
  return text;
}

ProgressLine::ProgressLine(Output& out, bool shown, Clock::time_point now)
    : out_(out), shown_(shown), next_(now + (out.terminal() ? Clock::duration{silent_for} : Clock::duration{plain_every})),
      stage_began_(now), heard_(now) {}

void ProgressLine::update(const std::string& what, std::uint64_t done, std::uint64_t total, Clock::time_point now) {
  if (!shown_) return;
  if (what != what_) {
    what_ = what;
    stage_began_ = heard_;  // somewhere since then: what is told first of a stage is not its beginning
  }
  heard_ = now;
  if (now < next_) return;
  const std::string text = progress_sentence(what, done, total, std::chrono::duration<double>(now - stage_began_).count());
  if (!out_.terminal()) {
    out_.line(text);
    out_.flush();
    next_ = now + plain_every;
    return;
  }
  const std::string cut = safe_text::clip(safe_text::line(text), out_.width() - 1);  // the last column would scroll
  const std::size_t columns = safe_text::width(cut);
  out_.raw("\r" + cut + std::string(on_screen_ > columns ? on_screen_ - columns : 0, ' '));
  out_.flush();
  on_screen_ = columns;
  next_ = now + rewritten_every;
}

void ProgressLine::clear() {
  if (on_screen_ == 0) return;
  out_.raw("\r" + std::string(on_screen_, ' ') + "\r");
  out_.flush();
  on_screen_ = 0;
}

Watch ProgressLine::watch() {
  if (!shown_) return {};
  return [this](const Progress& progress) {
    const auto now = Clock::now();
    if (now >= next_ || what_.empty()) update(tr(progress.what), progress.done, progress.total, now);
  };
}

}  // namespace kiz::cli
