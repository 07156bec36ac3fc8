#include "libclient/refusals.h"

#include "libclient/translate.h"

namespace kiz {

namespace {
struct Row {
  Errc code;
  const char* text;  // "{}" takes the context
  const char* hint;
};

constexpr Row rows[] = {
    {Errc::malformed, translatable("This is not what it should be: {} cannot be read. Nothing was changed."),
     translatable("Ask for it to be sent again, without anything in between that changes it.")},
    {Errc::not_canonical, translatable("{} is written in a way that is not allowed. Nothing was changed."),
     translatable("Ask for it to be sent again, without anything in between that changes it.")},
    {Errc::over_limit, translatable("Too much at once: {}. Nothing was changed."), translatable("Shorten it, or do it in several steps.")},
    {Errc::unknown_version, translatable("This was written by a program of another version: {}. Nothing was changed."),
     translatable("Bring kiz-sync up to date here.")},
    {Errc::broken_chain, translatable("A piece of the history is missing or was altered: {}. It was not taken in."),
     translatable("kiz verify")},
    {Errc::bad_signature, translatable("A signature is wrong: {}. It was not taken in."), translatable("kiz verify")},
    {Errc::gap, translatable("Something that comes before is missing: {}. It was not taken in."), translatable("kiz sync --wait")},
    {Errc::fork, translatable("Two branches of one log were found: {}. Both are kept."), translatable("kiz verify")},
    {Errc::not_permitted, translatable("You have no right for this: {}. Nothing was changed."),
     translatable("Ask the office that runs this installation, or the Kreis. `kiz status` shows your role.")},
    {Errc::unknown_log, translatable("This comes from a device that the Kreis has not admitted. It was not taken in."),
     translatable("kiz device list")},
    {Errc::foreign_realm, translatable("This belongs to another Kreis. Nothing was changed."), {}},
    {Errc::revoked, translatable("This device was locked out by the Kreis. What was entered here stays here."),
     translatable("Ask the Kreis for a new invite.")},
    {Errc::expired, translatable("The membership of this device has ended. Local work goes on, nothing is lost."),
     translatable("Ask the Kreis to renew it: kiz device renew")},
    {Errc::control_forked, translatable("Somebody else has decided with the key of the Kreis too: there are two control logs. Nothing was changed, "
                                        "data goes on being exchanged."),
     translatable("With the emergency sheet the Kreis begins a new epoch: kiz init --restore")},
    {Errc::control_unconfirmed, translatable("This installation was put back from a backup or copied. Before it decides anything a town must have "
                                             "shown what was decided last. Nothing was changed."),
     translatable("Wait until a town has called: kiz status")},
    {Errc::below_checkpoint, translatable("This log was agreed on up to a later entry: members have let old values go since, and it cannot end earlier. "
                                          "Nothing was changed."),
     translatable("End it at a later entry, and put right by hand what was entered before: kiz privacy checkpoints")},
    {Errc::bad_handshake, translatable("The other side is not who it should be, or does not know this device. Nothing was sent."),
     translatable("kiz status")},
    {Errc::unexpected_message, translatable("The other side broke the rules of the exchange. What was taken in before stays."),
     translatable("kiz sync")},
    {Errc::silent_peer, translatable("The other side fell silent. Nothing is lost, the exchange goes on by itself."), translatable("kiz status")},
    {Errc::version_refused, translatable("The other side speaks another version of the protocol. Nothing is lost."),
     translatable("Bring kiz-sync up to date on both sides.")},
    {Errc::set_aside, translatable("This program has failed on it twice: {}. It was set aside, everything else goes on."),
     translatable("Bring kiz-sync up to date; to try it again now: kiz quarantine retry")},
    {Errc::put_off, translatable("More of one device than is taken in at once. The rest is taken in bit by bit, everything else goes on."),
     translatable("kiz status")},
    {Errc::invite_used, translatable("This invite was used already, by another device. Nothing was changed."),
     translatable("Ask the Kreis for a new one.")},
    {Errc::invite_expired, translatable("This invite has expired. Nothing was changed."), translatable("Ask the Kreis for a new one.")},
    {Errc::invite_altered, translatable("This invite is incomplete or was altered on its way. Nothing was changed."),
     translatable("Paste it once more, whole; or ask the Kreis for a new one.")},
    {Errc::invite_foreign, translatable("This invite belongs to another Kreis. Nothing was changed."),
     translatable("Ask the Kreis that you want to join.")},
    {Errc::invite_void, translatable("This invite is void: the check number was wrong five times. Nothing was changed."),
     translatable("Ask the Kreis for a new one.")},
    {Errc::wrong_check, translatable("The check number does not belong to this invite. Nothing was changed."),
     translatable("Read it once more; it has 8 digits. After five wrong numbers the invite is void.")},
    {Errc::invite_unknown, translatable("The Kreis does not know this invite. Nothing was changed."),
     translatable("Ask the Kreis for a new one.")},
    {Errc::invalid_input, translatable("{}. Nothing was changed."), {}},
    {Errc::not_found, translatable("Not found: {}."), {}},
    {Errc::ambiguous, translatable("The reference fits more than one: {}."), translatable("Give one more character of it.")},
    {Errc::conflict_open, translatable("Two values stand side by side, and a person must choose first. Nothing was changed."),
     translatable("kiz conflict list")},
    {Errc::not_set_up, translatable("Nothing is set up here yet."),
     translatable("kiz init (a Kreis) · kiz join (a municipality with an invite) · kiz demo (to try it out)")},
    {Errc::already_set_up, translatable("This installation is set up already. Nothing was changed."), translatable("kiz status")},
    {Errc::wrong_key, translatable("The key or passphrase does not open the store. Nothing was changed."),
     translatable("Give the passphrase once more, or bring back the key file of this installation.")},
    {Errc::bad_clock, translatable("This machine's clock is implausible, so nothing is signed. Nothing was changed."),
     translatable("Set the clock, then do it again.")},
    {Errc::usage, translatable("{}."), translatable("kiz help")},
    {Errc::unreachable, translatable("Nobody confirmed in time: {}. What was entered is safe and goes out by itself."),
     translatable("kiz status")},
    {Errc::store_in_use, translatable("The store is in use by another program ({}). Nothing was changed."),
     translatable("End that program, or speak to it with --socket.")},
    {Errc::no_space, translatable("The disk is full. Nothing was changed, all that was entered before is safe."),
     translatable("Make room, then do it again.")},
    {Errc::io_error, translatable("The disk or a file cannot be read or written: {}. Nothing was changed."),
     translatable("Look at the disk and at the rights of the folder, then do it again.")},
    {Errc::damaged, translatable("The store is damaged: {}. Writing has stopped, so that nothing gets worse."), translatable("kiz verify")},
    {Errc::store_too_new, translatable("The store was written by a newer version of kiz-sync. Nothing was changed."),
     translatable("Bring kiz-sync up to date here.")},
    {Errc::internal, translatable("Something went wrong inside the program: {}. What was saved before is safe."), translatable("kiz verify")},
};

// What an error may be about, so that the catalogue has a word for it. Structures of the protocol that no person handles are
// left out: they say more in the words of SPEC.md.
[[maybe_unused]] constexpr const char* things[] = {
    translatable("address of the Kreis"), translatable("backup"), translatable("bundle"), translatable("checkpoint"),
    translatable("confirmation"), translatable("connection"), translatable("control log"), translatable("control socket"),
    translatable("device"), translatable("emergency sheet"), translatable("entry"), translatable("erasure"), translatable("field"),
    translatable("invite"), translatable("issuing key"), translatable("key file"), translatable("keyring"), translatable("last heads"),
    translatable("lock"), translatable("log"), translatable("membership"), translatable("memory for the passphrase"),
    translatable("no answer in time"), translatable("not an invite"), translatable("open invites"), translatable("passphrase"),
    translatable("recipient"), translatable("recipients"), translatable("request"), translatable("root key"),
    translatable("rows of a workbook"), translatable("store"), translatable("store.db is missing"),
    translatable("store.db is there, its key or keyring is missing"), translatable("the daemon hung up"), translatable("time is over"),
    translatable("value"), translatable("what came back from the target"), translatable("workbook"),
};

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
      refusal.text = tr(row.text, {error.context.empty() ? "?" : tr(error.context.c_str())});
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
