// A table that an office imports: what comes in goes out in both dialects and as JSON, and comes back as it was.
#include "libclient/record_json.h"
#include "libclient/table_export.h"
#include "libclient/table_import.h"
#include "tests/fuzz/drafts.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  if (in.empty()) return 0;
  constexpr std::string_view kinds[] = {"offer", "count", "need", "actor", "consent_subject"};
  const auto options = import_options(kinds[(in[0] + 2u) % std::size(kinds)]);
  const auto rest = in.subspan(1);
  const auto import = table_import::read({reinterpret_cast<const char*>(rest.data()), rest.size()}, options);
  if (!import.ok() || import.drafts.empty()) return 0;
  const auto records = records_of(import.drafts);
  for (const auto& dialect : {csv::german, csv::international}) {
    expect_same(table_import::read(table_export::write(*options.kind, records, {.dialect = dialect}), options),
                records);
  }
  expect_same(record_json::read(record_json::document(*options.kind, records).dump(), options), records);
  return 0;
}

std::vector<Bytes> seeds() {
  warm_up();
  std::vector<Bytes> out;
  for (const std::string_view text :
       {"0Titel;Träger;Angebotsart;Sprachen;Kosten "
        "(EUR);Termine\nSprachcafé;Caritas;Treffpunkt|Beratung;ar|uk;12,50;Mo 9-11\n",
        "0title,provider,kind,place.lat,valid_from,public,title[tur]\na,\"'=1+1\",other,51.5,1.2.2026,ja,x\n",
        "1zeitraum;messgroesse;anzahl;herkunft;herkunft_schluessel;alter;geschlecht\n2026-10;arrived;3;Syrien;destatis:"
        "475;6-9;-\n",
        "2angebotsart;anzahl;prioritaet;zeitraum;gedeckt_durch\nsport;12;1;2026-H1;ref:"
        "000102030405060708090a0b0c0d0e0f\n",
        "3id;name;art;themen\n000102030405060708090a0b0c0d0e0f;AWO;schule;a\\|b|c\\\\d\n",
        "4art;titel;gefragt;beschreibung\nkonzept;T;Ahaus|05554;\"eins\r\nzwei\"\n"}) {
    out.emplace_back(text.begin(), text.end());
  }
  return out;
}

}  // namespace kiz::fuzz
