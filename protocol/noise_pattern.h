// Handshake patterns as the Noise specification (revision 34, section 7) writes them: lines of tokens. Rules: SPEC.md §7.1.
//
//   "<- s / ... / -> e, es / <- e, ee / -> s, se"          XK; lines end at a slash or a line break
//
// A pattern is data: the handshake walks its tokens. What we ship is one line of a table that holds all patterns of the
// specification, so that public test vectors of any of them test the same code.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kiz/result.h"

namespace kiz::noise {

enum class Token { e, s, ee, es, se, ss, psk };

struct Pattern {
  bool initiator_static_known = false;  // pre-message "-> s": the responder knows it in advance
  bool responder_static_known = false;  // pre-message "<- s"
  std::vector<std::vector<Token>> messages;  // the first is the initiator's, then in turn; never empty

  bool one_way() const { return messages.size() == 1; }
  std::size_t psk_count() const;
};

/// Reads the token text of a pattern.
/// errors   malformed: not such a text
///          invalid_input: breaks a validity rule of sections 7.3 or 9.3 (a key used before it is there, a token twice,
///          something encrypted that needs a Diffie-Hellman or an ephemeral key first)
Result<Pattern> parse_pattern(std::string_view text);

/// Adds psk tokens: psk0 opens the first message, pskN closes the N-th.
/// errors   malformed: not "pskN" joined by "+", one twice, or beyond the last message; invalid_input as above
Result<Pattern> with_modifiers(Pattern pattern, std::string_view modifiers);

struct Protocol {
  std::string name;  // goes into the handshake hash as it is
  Pattern pattern;
};

/// Reads "Noise_<PATTERN><modifiers>_25519_ChaChaPoly_BLAKE2b".
/// errors   malformed: not a Noise name
///          unknown_version: another suite, pattern or modifier than this library speaks
Result<Protocol> parse_protocol(std::string_view name);

/// Token text of a fundamental, deferred or one-way pattern by its name; empty if there is none of that name.
std::string_view pattern_text(std::string_view name);

}  // namespace kiz::noise
