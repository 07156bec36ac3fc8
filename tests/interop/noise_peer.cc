// Our side of an interop test: handshake and channel as shipped, over a blocking socket. Same arguments and lines as
// noise_peer.go:
//
//   noise_peer XK|XX initiator|responder PORT OWN_STATIC REMOTE_STATIC PSK PROLOGUE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "protocol/channel.h"
#include "protocol/handshake.h"

namespace {

using namespace kiz;

constexpr RekeyAfter rekey_after{3, std::uint64_t{1} << 30};
constexpr std::array<std::size_t, 10> sizes{0, 1, 200, 65519, 3, 200000, 17, 4000, 65520, 5};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "noise_peer: %s\n", why.c_str());
  std::exit(1);
}

template <typename T>
T must(Result<T> result) {
  if (!result) fail(std::string{name(result.error().code)});
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (!result) fail(std::string{name(result.error().code)});
}

std::string sha256(ByteView data) {
  Bytes out(crypto_hash_sha256_BYTES);
  crypto_hash_sha256(out.data(), data.data(), data.size());
  return to_hex(out);
}

class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { ::close(fd_); }

  void send(ByteView data) const {
    while (!data.empty()) {
      const auto sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) fail("the line broke while sending");
      data = data.subspan(static_cast<std::size_t>(sent));
    }
  }
  Bytes some(std::size_t most) const {
    Bytes out(most);
    const auto got = ::recv(fd_, out.data(), most, 0);
    if (got <= 0) fail("the line broke while receiving");
    out.resize(static_cast<std::size_t>(got));
    return out;
  }
  Bytes exactly(std::size_t size) const {
    Bytes out;
    while (out.size() < size) {
      const Bytes piece = some(size - out.size());
      out.insert(out.end(), piece.begin(), piece.end());
    }
    return out;
  }

 private:
  int fd_;
};

int connected(bool calls, const std::string& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (calls) {
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
    if (::connect(fd, plain, sizeof address) != 0) fail("nobody answers");
    return fd;
  }
  socklen_t size = sizeof address;
  if (::bind(fd, plain, size) != 0 || ::listen(fd, 1) != 0 || ::getsockname(fd, plain, &size) != 0) fail("no port");
  std::printf("port %u\n", static_cast<unsigned>(ntohs(address.sin_port)));
  std::fflush(stdout);
  const int caller = ::accept(fd, nullptr, nullptr);
  ::close(fd);
  return caller;
}

Bytes body(std::size_t size, const std::string& role) {
  Bytes out;
  for (unsigned i = 0; out.size() < size; ++i) {
    const std::string text = role + ' ' + std::to_string(size) + ' ' + std::to_string(i);
    const Bytes sum = from_hex(sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
    out.insert(out.end(), sum.begin(), sum.end());
  }
  out.resize(size);
  return out;
}

void write(const Line& line, Channel& channel, const std::string& role) {
  std::uint32_t kind = 200;
  for (const std::size_t size : sizes) {
    must(channel.send(kind++, body(size, role)));
    Bytes frames;
    channel.flush(frames);
    line.send(frames);
  }
}

void read(const Line& line, Channel& channel) {
  for (std::size_t got = 0; got < sizes.size();) {
    must(channel.feed(line.some(4096)));
    while (const auto message = must(channel.next())) {
      std::printf("got %u %s\n", message->kind, sha256(message->body).c_str());
      ++got;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) fail("seven arguments, see the head of the source");
  const std::string role = argv[2];
  const bool calls = role == "initiator";
  const auto protocol = must(noise::parse_protocol("Noise_" + std::string{argv[1]} + "psk3_25519_ChaChaPoly_BLAKE2b"));
  noise::HandshakeKeys keys{SecretKey32{from_hex(argv[4])}, SecretKey32{}, TransportKey::from(from_hex(argv[5])), {}};
  randombytes_buf(keys.own_ephemeral->writable().data(), 32);
  keys.psks.emplace_back(from_hex(argv[6]));
  const Line line{connected(calls, argv[3])};

  auto handshake = must(noise::Handshake::start(protocol, calls ? noise::Role::initiator : noise::Role::responder,
                                                from_hex(argv[7]), std::move(keys)));
  while (!handshake.finished()) {
    if (handshake.our_turn()) {
      const Bytes message = must(handshake.write({}));
      line.send(Bytes{static_cast<std::uint8_t>(message.size() >> 8), static_cast<std::uint8_t>(message.size())});
      line.send(message);
    } else {
      const Bytes length = line.exactly(2);
      must(handshake.read(line.exactly(static_cast<std::size_t>(length[0] << 8 | length[1]))));
    }
  }
  if (to_hex(*handshake.remote_static()) != argv[5]) fail("another static key called");
  noise::Transport transport = std::move(handshake).split();
  std::printf("hash %s\n", to_hex(transport.handshake_hash).c_str());
  Channel channel{std::move(*transport.send), std::move(*transport.receive), rekey_after};
  if (calls) write(line, channel, role);
  read(line, channel);
  if (!calls) write(line, channel, role);
}
