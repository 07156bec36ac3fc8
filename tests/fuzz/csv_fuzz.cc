// A file as an office hands it in: bytes of unknown encoding, then rows and cells.
#include "libclient/csv.h"
#include "libclient/text_encoding.h"
#include "protocol/wire.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

// What was read and is written again in either dialect reads as the same cells.
int one(ByteView in) {
  const auto decoded = text_encoding::to_utf8({reinterpret_cast<const char*>(in.data()), in.size()});
  if (decoded.wrong) return 0;
  KIZ_ASSERT(wire::is_text(decoded.value.text));
  csv::Reader reader{decoded.value.text};
  for (csv::Row row; reader.next(row);) {
    for (const csv::Dialect& dialect : {csv::german, csv::international}) {
      std::string written;
      std::vector<csv::Out> cells;
      for (const csv::Cell& cell : row.cells) cells.push_back({cell.text, false});
      csv::append(written, cells, dialect);
      csv::Reader again{written, dialect.separator};
      csv::Row same;
      if (!again.next(same)) continue;  // a row of empty cells is blank
      KIZ_ASSERT(same.cells.size() == row.cells.size());
      for (std::size_t i = 0; i < same.cells.size(); ++i) KIZ_ASSERT(same.cells[i].text == row.cells[i].text);
      csv::Row no_more;
      KIZ_ASSERT(!again.next(no_more) && !again.wrong());
    }
  }
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const std::string_view text :
       {"Titel;Träger;Monat\r\nSprachcafé;\"AWO; Borken\";2026-10\r\n", "a,b\n\"x \"\"y\"\"\nz\",'=1+2\n",
        "sep=;\n1;2\n", "\xef\xbb\xbfName\tOrt\nM\xfcller\tAhaus\n", "=SUM(A1);+49 2861;-5;@x;'05554004\n",
        "\n\n;;\n\"\"\n"}) {
    out.emplace_back(text.begin(), text.end());
  }
  return out;
}

}  // namespace kiz::fuzz
