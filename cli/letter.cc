#include "cli/letter.h"

#ifdef KIZ_HAS_QRENCODE
#include <qrencode.h>
#endif

#include <memory>

#include "cli/text.h"
#include "libclient/safe_text.h"
#include "libclient/translate.h"

namespace kiz::cli {

namespace {
#ifdef KIZ_HAS_QRENCODE
std::string qr_code(const std::string& text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code{
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M), QRcode_free};
  if (code == nullptr) return {};
  const int margin = 4, size = code->width + 2 * margin;
  std::string path;
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      if ((code->data[y * code->width + x] & 1) == 0) continue;
      path += "M" + std::to_string(x + margin) + " " + std::to_string(y + margin) + "h1v1h-1z";
    }
  }
  const std::string side = std::to_string(size);
  return "<svg role=\"img\" aria-label=\"QR\" viewBox=\"0 0 " + side + " " + side +
         "\" width=\"260\" height=\"260\"><path d=\"" + path + "\"/></svg>\n";
}
#else
std::string qr_code(const std::string&) { return {}; }
#endif

std::string paragraph(const std::string& text) { return "<p>" + safe_text::html(text) + "</p>\n"; }
}  // namespace

std::string invite_letter(const Json& invite, const std::string& realm) {
  const std::string code = text_of(invite, "invite"), name = text_of(invite, "name");
  std::string page = "<!doctype html>\n<html lang=\"" + std::string{language()} + "\">\n<meta charset=\"utf-8\">\n<title>" +
                     safe_text::html(realm + ": " + name) +
                     "</title>\n<style>body{font:12pt/1.5 sans-serif;max-width:17cm;margin:2cm auto}"
                     "code{overflow-wrap:anywhere;font-size:11pt}</style>\n";
  page += "<h1>" + safe_text::html(tr("Invite for {}", {name})) + "</h1>\n";
  page += paragraph(tr("{} invites you to exchange offers, figures and consents.", {realm}));
  page += paragraph(tr("Type on the machine of your office, or scan the code and paste it:"));
  page += "<p><code>" + safe_text::html(tr("kiz join {}", {code})) + "</code></p>\n";
  page += qr_code(code);
  page += paragraph(tr("You are asked for a check number of 8 digits. You get it another way, for example by telephone."));
  page += paragraph(tr("The invite admits one device, once, until {}.", {shown_time(text_of(invite, "expires"))}));
  return page + "</html>\n";
}

}  // namespace kiz::cli
