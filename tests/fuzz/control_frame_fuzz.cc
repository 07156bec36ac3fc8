// What a local program sends to the daemon's control socket.
#include "libclient/control_frame.h"
#include "libclient/packed_rows.h"
#include "tests/fuzz/fuzz.h"

namespace kiz::fuzz {

int one(ByteView in) {
  const auto message = control_frame::decode({reinterpret_cast<const char*>(in.data()), in.size()});
  if (message) {
    const auto frame = control_frame::encode(*message);
    KIZ_ASSERT(message->is_object() && frame);
    const auto again = control_frame::decode(std::string_view{*frame}.substr(control_frame::header_bytes));
    KIZ_ASSERT(again && again->contains("data") == message->contains("data"));
    const auto data = message->find("data");
    if (data != message->end() && data->is_object() && data->contains("rows") && (*data)["rows"].is_binary()) {
      const auto& rows = (*data)["rows"].get_binary();
      KIZ_ASSERT((*again)["data"]["rows"] == (*data)["rows"]);
      static_cast<void>(packed_rows::read(rows, 6, [&](std::span<const packed_rows::Cell> row) { KIZ_ASSERT(row.size() == 6); }));
    }
  }
  if (in.size() >= control_frame::header_bytes) {
    std::array<std::uint8_t, control_frame::header_bytes> header{};
    std::copy_n(in.begin(), header.size(), header.begin());
    const auto bytes = control_frame::body_bytes(header);
    KIZ_ASSERT(!bytes || (*bytes > 0 && *bytes <= control_frame::body_bytes_max));
  }
  return 0;
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (const std::string_view text :
       {R"({"v":1,"request":"offer.new","args":{"title":"Sprachcafé"},"lang":"de","dry_run":false})",
        R"({"a":[[[[{"b":null}]]]],"n":-1.5e300,"t":"\u00e4\n"})"}) {
    out.emplace_back(text.begin(), text.end());
  }
  out.emplace_back(200, std::uint8_t{'['});
  packed_rows::Packer row;
  for (const std::size_t texts : {1u, 1u, 0u, 1u, 3u, 1u}) {
    row.begin_cell(texts);
    for (std::size_t i = 0; i < texts; ++i) row.text("Sprachcafé");
  }
  constexpr std::string_view envelope = R"({"ok":true,"data":{"total":1}})";
  Bytes& list = out.emplace_back(envelope.begin(), envelope.end());
  list.push_back(0);
  list.insert(list.end(), row.bytes().begin(), row.bytes().end());
  return out;
}

}  // namespace kiz::fuzz
