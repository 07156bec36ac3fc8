#include "protocol/noise_pattern.h"

#include <algorithm>
#include <optional>

namespace kiz::noise {

namespace {

struct Named {
  std::string_view name;
  std::string_view text;
};

// Noise specification, sections 7.4, 7.5 and appendix 18.1 (deferred patterns).
constexpr Named patterns[] = {
    {"N", "<- s / ... / -> e, es"},
    {"K", "-> s / <- s / ... / -> e, es, ss"},
    {"X", "<- s / ... / -> e, es, s, ss"},

    {"NN", "-> e / <- e, ee"},
    {"NK", "<- s / ... / -> e, es / <- e, ee"},
    {"NX", "-> e / <- e, ee, s, es"},
    {"KN", "-> s / ... / -> e / <- e, ee, se"},
    {"KK", "-> s / <- s / ... / -> e, es, ss / <- e, ee, se"},
    {"KX", "-> s / ... / -> e / <- e, ee, se, s, es"},
    {"XN", "-> e / <- e, ee / -> s, se"},
    {"XK", "<- s / ... / -> e, es / <- e, ee / -> s, se"},
    {"XX", "-> e / <- e, ee, s, es / -> s, se"},
    {"IN", "-> e, s / <- e, ee, se"},
    {"IK", "<- s / ... / -> e, es, s, ss / <- e, ee, se"},
    {"IX", "-> e, s / <- e, ee, se, s, es"},

    {"NK1", "<- s / ... / -> e / <- e, ee, es"},
    {"NX1", "-> e / <- e, ee, s / -> es"},
    {"X1N", "-> e / <- e, ee / -> s / <- se"},
    {"X1K", "<- s / ... / -> e, es / <- e, ee / -> s / <- se"},
    {"XK1", "<- s / ... / -> e / <- e, ee, es / -> s, se"},
    {"X1K1", "<- s / ... / -> e / <- e, ee, es / -> s / <- se"},
    {"X1X", "-> e / <- e, ee, s, es / -> s / <- se"},
    {"XX1", "-> e / <- e, ee, s / -> es, s, se"},
    {"X1X1", "-> e / <- e, ee, s / -> es, s / <- se"},
    {"K1N", "-> s / ... / -> e / <- e, ee / -> se"},
    {"K1K", "-> s / <- s / ... / -> e, es / <- e, ee / -> se"},
    {"KK1", "-> s / <- s / ... / -> e / <- e, ee, se, es"},
    {"K1K1", "-> s / <- s / ... / -> e / <- e, ee, es / -> se"},
    {"K1X", "-> s / ... / -> e / <- e, ee, s, es / -> se"},
    {"KX1", "-> s / ... / -> e / <- e, ee, se, s / -> es"},
    {"K1X1", "-> s / ... / -> e / <- e, ee, s / -> se, es"},
    {"I1N", "-> e, s / <- e, ee / -> se"},
    {"I1K", "<- s / ... / -> e, es, s / <- e, ee / -> se"},
    {"IK1", "<- s / ... / -> e, s / <- e, ee, se, es"},
    {"I1K1", "<- s / ... / -> e, s / <- e, ee, es / -> se"},
    {"I1X", "-> e, s / <- e, ee, s, es / -> se"},
    {"IX1", "-> e, s / <- e, ee, se, s / -> es"},
    {"I1X1", "-> e, s / <- e, ee, s / -> se, es"},
};

constexpr std::size_t messages_max = 16;  // far more than any pattern has; bounds text from outside
constexpr std::size_t tokens_max = 16;    // per message

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// Cuts off and returns what stands before the first of `separators`; the rest stays in `text`.
std::string_view next_piece(std::string_view& text, std::string_view separators) {
  const auto end = text.find_first_of(separators);
  const auto piece = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return trimmed(piece);
}

std::optional<Token> token(std::string_view word) {
  constexpr std::pair<std::string_view, Token> words[] = {
      {"e", Token::e},   {"s", Token::s},   {"ee", Token::ee},  {"es", Token::es},
      {"se", Token::se}, {"ss", Token::ss}, {"psk", Token::psk}};
  for (const auto& [text, value] : words) {
    if (text == word) return value;
  }
  return std::nullopt;
}

struct Line {
  bool from_initiator = false;
  std::vector<Token> tokens;
};

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  if (text.starts_with("->")) {
    line.from_initiator = true;
  } else if (!text.starts_with("<-")) {
    return std::nullopt;
  }
  std::string_view words = trimmed(text.substr(2));
  if (words.empty() || words.ends_with(',')) return std::nullopt;
  while (!words.empty()) {
    const auto read = token(next_piece(words, ","));
    if (!read || line.tokens.size() == tokens_max) return std::nullopt;
    line.tokens.push_back(*read);
  }
  return line;
}

// Walks a pattern as both parties would and refuses the first token that section 7.3 or 9.3 forbids.
class Validity {
 public:
  explicit Validity(const Pattern& pattern) {
    has_s_[0] = pattern.initiator_static_known;
    has_s_[1] = pattern.responder_static_known;
  }

  bool message(std::size_t sender, const std::vector<Token>& tokens) {
    for (const Token t : tokens) {
      if (!step(sender, t)) return false;
    }
    return may_encrypt(sender);  // the payload
  }

  // Whether this party may encrypt now: randomised against a peer's chosen keys, and fresh under a pre-shared key.
  bool may_encrypt(std::size_t sender) const {
    const bool initiator = sender == 0;
    if ((initiator ? se_ : es_) && !ee_) return false;
    if (ss_ && !(initiator ? es_ : se_)) return false;
    return !psk_ || has_e_[sender];
  }

 private:
  bool step(std::size_t sender, Token t) {
    switch (t) {
      case Token::e: return !std::exchange(has_e_[sender], true);
      case Token::s: {
        const bool encrypted = ee_ || es_ || se_ || ss_ || psk_;
        return (!encrypted || may_encrypt(sender)) && !std::exchange(has_s_[sender], true);
      }
      case Token::ee: return has_e_[0] && has_e_[1] && !std::exchange(ee_, true);
      case Token::es: return has_e_[0] && has_s_[1] && !std::exchange(es_, true);
      case Token::se: return has_s_[0] && has_e_[1] && !std::exchange(se_, true);
      case Token::ss: return has_s_[0] && has_s_[1] && !std::exchange(ss_, true);
      case Token::psk: psk_ = true; return true;
    }
    return false;
  }

  bool has_e_[2] = {false, false};
  bool has_s_[2] = {false, false};
  bool ee_ = false, es_ = false, se_ = false, ss_ = false, psk_ = false;
};

Result<Pattern> checked(Pattern pattern) {
  Validity validity{pattern};
  for (std::size_t i = 0; i < pattern.messages.size(); ++i) {
    if (!validity.message(i % 2, pattern.messages[i])) {
      return Error{Errc::invalid_input, "message " + std::to_string(i + 1)};
    }
  }
  const bool both_may_go_on = validity.may_encrypt(0) && (pattern.one_way() || validity.may_encrypt(1));
  if (!both_may_go_on) return Error{Errc::invalid_input, "after the last message"};
  return pattern;
}

}  // namespace

std::size_t Pattern::psk_count() const {
  std::ptrdiff_t count = 0;
  for (const auto& tokens : messages) count += std::count(tokens.begin(), tokens.end(), Token::psk);
  return static_cast<std::size_t>(count);
}

std::string_view pattern_text(std::string_view name) {
  for (const Named& known : patterns) {
    if (known.name == name) return known.text;
  }
  return {};
}

Result<Pattern> parse_pattern(std::string_view text) {
  std::vector<Line> before;  // pre-messages, once "..." is met
  std::vector<Line> lines;
  bool dots = false;
  while (!text.empty()) {
    const auto piece = next_piece(text, "/\n");
    if (piece.empty()) continue;
    if (piece == "...") {
      if (std::exchange(dots, true)) return Error{Errc::malformed, "second ..."};
      before = std::exchange(lines, {});
      continue;
    }
    const auto line = parse_line(piece);
    if (!line || lines.size() == messages_max) return Error{Errc::malformed, "line"};
    lines.push_back(*line);
  }

  Pattern pattern;
  for (const Line& line : before) {
    bool& known = line.from_initiator ? pattern.initiator_static_known : pattern.responder_static_known;
    if (line.tokens != std::vector{Token::s} || std::exchange(known, true)) return Error{Errc::malformed, "pre-message"};
  }
  if (lines.empty()) return Error{Errc::malformed, "no message"};
  for (const Line& line : lines) {
    if (line.from_initiator != (pattern.messages.size() % 2 == 0)) return Error{Errc::malformed, "direction"};
    pattern.messages.push_back(line.tokens);
  }
  return checked(std::move(pattern));
}

Result<Pattern> with_modifiers(Pattern pattern, std::string_view modifiers) {
  if (modifiers.find_first_of(" \t\r\n") != std::string_view::npos) return Error{Errc::malformed, "modifier"};
  std::vector<std::size_t> places;
  while (!modifiers.empty()) {
    const bool joined = modifiers.find('+') != std::string_view::npos;
    const auto word = next_piece(modifiers, "+");
    const bool digit = word.size() == 4 && word.starts_with("psk") && word[3] >= '0' && word[3] <= '9';
    if (!digit || (joined && modifiers.empty())) return Error{Errc::malformed, "modifier"};
    const auto place = static_cast<std::size_t>(word[3] - '0');
    const bool twice = std::find(places.begin(), places.end(), place) != places.end();
    if (twice || place > pattern.messages.size()) return Error{Errc::malformed, "modifier"};
    places.push_back(place);
    if (place == 0) {
      pattern.messages.front().insert(pattern.messages.front().begin(), Token::psk);
    } else {
      pattern.messages[place - 1].push_back(Token::psk);
    }
  }
  return checked(std::move(pattern));
}

Result<Protocol> parse_protocol(std::string_view name) {
  constexpr std::string_view prefix = "Noise_";
  constexpr std::string_view suite = "_25519_ChaChaPoly_BLAKE2b";
  constexpr std::size_t name_bytes_max = 255;
  if (!name.starts_with(prefix) || name.size() > name_bytes_max) return Error{Errc::malformed, "protocol name"};
  if (!name.ends_with(suite) || name.size() < prefix.size() + suite.size()) return Error{Errc::unknown_version, "suite"};

  const auto pattern_name = name.substr(prefix.size(), name.size() - prefix.size() - suite.size());
  const auto base = pattern_name.substr(0, pattern_name.find_first_of("abcdefghijklmnopqrstuvwxyz"));
  const auto text = pattern_text(base);
  if (text.empty()) return Error{Errc::unknown_version, "pattern"};
  auto pattern = parse_pattern(text);
  if (pattern) pattern = with_modifiers(*std::move(pattern), pattern_name.substr(base.size()));
  if (!pattern) return Error{Errc::unknown_version, "modifier"};
  return Protocol{std::string{name}, *std::move(pattern)};
}

}  // namespace kiz::noise
