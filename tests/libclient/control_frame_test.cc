#include "libclient/control_frame.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "libclient/control_client.h"

using namespace kiz;

TEST_CASE("control frame: a message comes out as it went in, behind its length") {
  const Json message{{"v", 1}, {"request", "offer.new"}, {"args", {{"text", "Sprachcafé"}}}};
  const auto frame = control_frame::encode(message);
  REQUIRE(frame);
  std::array<std::uint8_t, 4> header{};
  std::memcpy(header.data(), frame->data(), 4);

  const auto bytes = control_frame::body_bytes(header);
  REQUIRE(bytes);
  CHECK(*bytes == frame->size() - 4);
  const auto back = control_frame::decode(std::string_view{*frame}.substr(4));
  REQUIRE(back);
  CHECK(*back == message);
}

TEST_CASE("control frame: lengths of nothing and above the bound are refused before memory is reserved") {
  CHECK(control_frame::body_bytes({0, 0, 0, 0}).error().code == Errc::malformed);
  CHECK(*control_frame::body_bytes({4, 0, 0, 0}) == control_frame::body_bytes_max);
  CHECK(control_frame::body_bytes({4, 0, 0, 1}).error().code == Errc::over_limit);
  CHECK(control_frame::body_bytes({255, 255, 255, 255}).error().code == Errc::over_limit);
}

TEST_CASE("control frame: nesting has a bound, brackets inside texts do not count") {
  const auto nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  CHECK(control_frame::decode(nested(control_frame::depth_max)));
  CHECK(control_frame::decode(nested(control_frame::depth_max + 1)).error().code == Errc::over_limit);
  CHECK(control_frame::decode(R"({"a":")" + std::string(1000, '[') + R"(\"["})"));
}

TEST_CASE("control frame: only an object of valid UTF-8 is a message") {
  CHECK(control_frame::decode("[]").error().code == Errc::malformed);
  CHECK(control_frame::decode("{").error().code == Errc::malformed);
  CHECK(control_frame::decode("{\"a\":\"\xff\"}").error().code == Errc::malformed);
}

TEST_CASE("control frame: what is read is what any reader of JSON reads, in the order in which it stands") {
  for (const std::string text : {
           R"({})",
           R"({"a":1,"b":-2,"c":18446744073709551615,"d":1.5,"e":true,"f":false,"g":null,"h":"ä\u00e4","i":[]})",
           R"({"data":{"offers":[["A-1",null,["x","y"]],[{}]],"total":2},"warnings":[{"code":"W","text":""}],"z":{"y":{"x":[[],[1]]}}})",
           R"({"i":1,"h":2,"g":3,"f":4,"e":{"k":[1,{"l":2}]},"d":6,"c":7,"b":8,"a":9,"j":10})",
           R"({"twice":[1,2],"other":3,"twice":{"a":4}})",
       }) {
    CAPTURE(text);
    const auto read = control_frame::decode(text);
    REQUIRE(read);
    CHECK(read->dump() == Json::parse(text).dump());
  }
  for (const char* text : {"", "{} {}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1e999}", "{\"a\" 1}", "nul"}) {
    CAPTURE(text);
    CHECK(control_frame::decode(text).error().code == Errc::malformed);
  }
}

namespace {
/// A socket in a folder of its own whose owner answers one request by `reply`, or hangs up on it.
struct Answering {
  std::filesystem::path folder;
  std::filesystem::path socket;
  int listener = -1;
  std::thread thread;

  Answering(const std::string& subfolder, std::optional<Json> reply) {
    char name[] = "/tmp/kiz-control-XXXXXX";
    folder = ::mkdtemp(name);
    std::filesystem::create_directories(folder / subfolder);
    socket = folder / subfolder / "control.sock";
    const SocketPath path{socket};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.address().c_str(), path.address().size() + 1);
    listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    thread = std::thread{[this, reply] {
      const int peer = ::accept(listener, nullptr, nullptr);
      char buffer[4096];
      [[maybe_unused]] const auto asked = ::read(peer, buffer, sizeof buffer);
      if (reply) {
        const auto frame = control_frame::encode(*reply);
        [[maybe_unused]] const auto sent = ::write(peer, frame->data(), frame->size());
      }
      ::close(peer);
    }};
  }
  ~Answering() {
    thread.join();
    ::close(listener);
    std::filesystem::remove_all(folder);
  }
};
}  // namespace

TEST_CASE("control client: asks and is answered, also where the socket's path is too long for its address") {
  for (const auto& subfolder : {std::string{"s"}, std::string(120, 's')}) {
    const Answering daemon{subfolder, Json{{"ok", true}}};
    auto client = ControlClient::connect(daemon.socket);
    REQUIRE(client);
    const auto reply = client->ask(Json{{"v", 1}, {"request", "status"}}, std::chrono::seconds{5});
    REQUIRE(reply);
    CHECK((*reply)["ok"] == true);
  }
}

TEST_CASE("control client: a daemon that hangs up and one that is not there are told apart") {
  CHECK(ControlClient::connect("/nonexistent/control.sock").error().code == Errc::not_found);
  const Answering daemon{"s", std::nullopt};
  auto client = ControlClient::connect(daemon.socket);
  REQUIRE(client);
  CHECK(client->ask(Json{{"v", 1}}, std::chrono::seconds{5}).error().code == Errc::unreachable);
}
