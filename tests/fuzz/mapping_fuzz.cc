// A mapping that somebody wrote: refused with a sentence, or fit to read a table with.
#include "libclient/embedded.h"
#include "libclient/mapping.h"
#include "tests/fuzz/drafts.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const auto read = mapping::parse({reinterpret_cast<const char*>(in.data()), in.size()}, "fuzz");
  if (!read) {
    KIZ_ASSERT(!sentence(*read.wrong).empty());
    return 0;
  }
  auto options = import_options("offer");
  options.mapping = &read.value;
  const auto import = table_import::read("name,text,1,period\na,\"b\nc\",7,2026-10\nx,y,z,201610\n", options);
  for (const auto& complaint : import.complaints) KIZ_ASSERT(!sentence(complaint, Tongue::english).empty());
  return 0;
}

std::vector<Bytes> seeds() {
  warm_up();
  std::vector<Bytes> out;
  for (const auto& file : embedded_files()) {
    if (file.name.ends_with(".toml") && file.text.size() < 2000) out.emplace_back(file.text.begin(), file.text.end());
  }
  const std::string_view small =
      "kind = \"offer\"\n[fields]\ntitle = \"name\"\nprovider = { columns = [1, \"text\"], join = \"|\", label = true "
      "}\n"
      "kind = { column = 3, values = { 7 = \"sport\" }, unknown = \"omit\", default = \"other\" }\n"
      "[[flags]]\ncolumn = 3\nmeans = \"7\"\nfield = \"age_min\"\nvalue = 3\ncombine = \"lowest\"\n"
      "[identity]\nscheme = \"s\"\ncolumns = [1, 2]\nrepeats = \"number\"\n";
  out.emplace_back(small.begin(), small.end());
  return out;
}

}  // namespace kiz::fuzz
