// An emergency sheet as a person typed it, or the text that it stands in.
#include "protocol/emergency_sheet.h"

#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

// What is read is written in one way, and that reads as the same again.
int one(ByteView in) {
  const auto sheet = decode_sheet({reinterpret_cast<const char*>(in.data()), in.size()});
  if (!sheet) return 0;
  const std::string written = encode_sheet(*sheet);
  const auto again = decode_sheet(written);
  KIZ_ASSERT(again && again->realm == sheet->realm && again->root == sheet->root && encode_sheet(*again) == written);
  return 0;
}

std::vector<Bytes> seeds() {
  const std::string code = encode_sheet({RealmId::from(Bytes(32, 1)), SecretKey32{Bytes(32, 2)}});
  std::string typed;
  for (const char c : code) typed += c == '0' ? 'O' : c == '1' ? 'l' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  std::vector<Bytes> out;
  for (const std::string& text : {code, "Notfallblatt\n\n  " + code + "\nKreis Borken\n", typed, std::string{"KIZN2-AAAA"}}) {
    out.emplace_back(text.begin(), text.end());
  }
  return out;
}

}  // namespace kiz::fuzz
