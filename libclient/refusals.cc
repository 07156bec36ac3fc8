#include "libclient/refusals.h"

#include "libclient/translate.h"

namespace kiz {

namespace {
struct Row {
  Errc code;
  const char* text;  // "{}" takes the context
  const char* hint;
};

// Gettext finds the sentences by this name; they are translated when they are looked up.
#define N_(text) text

constexpr Row rows[] = {
    {Errc::malformed, N_("This is not what it should be: {} cannot be read. Nothing was changed."),
     N_("Ask for it to be sent again, without anything in between that changes it.")},
    {Errc::not_canonical, N_("{} is written in a way that is not allowed. Nothing was changed."),
     N_("Ask for it to be sent again, without anything in between that changes it.")},
    {Errc::over_limit, N_("Too much at once: {}. Nothing was changed."), N_("Shorten it, or do it in several steps.")},
    {Errc::unknown_version, N_("This was written by a program of another version: {}. Nothing was changed."),
     N_("Bring kiz-sync up to date here.")},
    {Errc::broken_chain, N_("A piece of the history is missing or was altered: {}. It was not taken in."),
     N_("kiz verify")},
    {Errc::bad_signature, N_("A signature is wrong: {}. It was not taken in."), N_("kiz verify")},
    {Errc::gap, N_("Something that comes before is missing: {}. It was not taken in."), N_("kiz sync --wait")},
    {Errc::fork, N_("Two branches of one log were found: {}. Both are kept."), N_("kiz verify")},
    {Errc::not_permitted, N_("You have no right for this: {}. Nothing was changed."),
     N_("Ask the office that runs this installation, or the Kreis. `kiz status` shows your role.")},
    {Errc::unknown_log, N_("This comes from a device that the Kreis has not admitted. It was not taken in."),
     N_("kiz device list")},
    {Errc::foreign_realm, N_("This belongs to another Kreis. Nothing was changed."), {}},
    {Errc::revoked, N_("This device was locked out by the Kreis. What was entered here stays here."),
     N_("Ask the Kreis for a new invite.")},
    {Errc::expired, N_("The membership of this device has ended. Local work goes on, nothing is lost."),
     N_("Ask the Kreis to renew it: kiz member renew")},
    {Errc::bad_handshake, N_("The other side is not who it should be, or does not know this device. Nothing was sent."),
     N_("kiz status")},
    {Errc::unexpected_message, N_("The other side broke the rules of the exchange. What was taken in before stays."),
     N_("kiz sync")},
    {Errc::silent_peer, N_("The other side fell silent. Nothing is lost, the exchange goes on by itself."), N_("kiz status")},
    {Errc::version_refused, N_("The other side speaks another version of the protocol. Nothing is lost."),
     N_("Bring kiz-sync up to date on both sides.")},
    {Errc::invite_used, N_("This invite was used already, by another device. Nothing was changed."),
     N_("Ask the Kreis for a new one.")},
    {Errc::invite_expired, N_("This invite has expired. Nothing was changed."), N_("Ask the Kreis for a new one.")},
    {Errc::invite_altered, N_("This invite is incomplete or was altered on its way. Nothing was changed."),
     N_("Paste it once more, whole; or ask the Kreis for a new one.")},
    {Errc::invite_foreign, N_("This invite belongs to another Kreis. Nothing was changed."),
     N_("Ask the Kreis that you want to join.")},
    {Errc::invite_void, N_("This invite is void: the check number was wrong five times. Nothing was changed."),
     N_("Ask the Kreis for a new one.")},
    {Errc::wrong_check, N_("The check number does not belong to this invite. Nothing was changed."),
     N_("Read it once more; it has 8 digits. After five wrong numbers the invite is void.")},
    {Errc::invite_unknown, N_("The Kreis does not know this invite. Nothing was changed."),
     N_("Ask the Kreis for a new one.")},
    {Errc::invalid_input, N_("{}. Nothing was changed."), {}},
    {Errc::not_found, N_("Not found: {}."), {}},
    {Errc::ambiguous, N_("The reference fits more than one: {}."), N_("Give one more character of it.")},
    {Errc::conflict_open, N_("Two values stand side by side, and a person must choose first. Nothing was changed."),
     N_("kiz conflict list")},
    {Errc::not_set_up, N_("Nothing is set up here yet."),
     N_("kiz init (a Kreis) · kiz join (a municipality with an invite) · kiz demo (to try it out)")},
    {Errc::already_set_up, N_("This installation is set up already. Nothing was changed."), N_("kiz status")},
    {Errc::wrong_key, N_("The key or passphrase does not open the store. Nothing was changed."),
     N_("Give the passphrase once more, or bring back the key file of this installation.")},
    {Errc::bad_clock, N_("This machine's clock is implausible, so nothing is signed. Nothing was changed."),
     N_("Set the clock, then do it again.")},
    {Errc::usage, N_("{}."), N_("kiz help")},
    {Errc::unreachable, N_("Nobody confirmed in time: {}. What was entered is safe and goes out by itself."),
     N_("kiz status")},
    {Errc::store_in_use, N_("The store is in use by another program ({}). Nothing was changed."),
     N_("End that program, or speak to it with --socket.")},
    {Errc::no_space, N_("The disk is full. Nothing was changed, all that was entered before is safe."),
     N_("Make room, then do it again.")},
    {Errc::io_error, N_("The disk or a file cannot be read or written: {}. Nothing was changed."),
     N_("Look at the disk and at the rights of the folder, then do it again.")},
    {Errc::damaged, N_("The store is damaged: {}. Writing has stopped, so that nothing gets worse."), N_("kiz verify")},
    {Errc::store_too_new, N_("The store was written by a newer version of kiz-sync. Nothing was changed."),
     N_("Bring kiz-sync up to date here.")},
    {Errc::internal, N_("Something went wrong inside the program: {}. What was saved before is safe."), N_("kiz verify")},
};
#undef N_

// Contexts of these are sentences already: the one who found the fault knew the field, the line, the allowed words.
bool speaks_for_itself(const Error& error) {
  return error.context.size() > 2 && (error.context.ends_with('.') || error.context.ends_with('?'));
}
}  // namespace

Refusal to_refusal(const Error& error) {
  for (const Row& row : rows) {
    if (row.code != error.code) continue;
    Refusal refusal{error.code, {}, row.hint != nullptr ? tr(row.hint) : std::string{}, 0};
    if (speaks_for_itself(error)) {
      refusal.text = error.context;
    } else {
      refusal.text = tr(row.text, {error.context.empty() ? std::string_view{"?"} : std::string_view{error.context}});
    }
    return refusal;
  }
  return Refusal{error.code, error.context, {}, 0};
}

Json to_json(const Refusal& refusal) {
  return Json{{"code", name(refusal.code)},
              {"exit", refusal.exit != 0 ? refusal.exit : exit_code(refusal.code)},
              {"text", refusal.text},
              {"hint", refusal.hint}};
}

}  // namespace kiz
