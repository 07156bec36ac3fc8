// The other side of an interop test: a Noise library that is not ours (flynn/noise), and our frames written from SPEC.md.
//
//	noise_peer PATTERN initiator|responder PORT OWN_STATIC REMOTE_STATIC PSK PROLOGUE
//
// Keys and prologue are hexadecimal, private ones but for REMOTE_STATIC. A responder prints "port N" first. Prints
// "hash HEX" after the handshake, "got KIND SHA256" for each message that arrives, and sends messages itself, each
// direction changing its key behind every third frame.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/flynn/noise"
	"golang.org/x/crypto/curve25519"
)

const framesUnderOneKey = 3
const pieceBytes = 65519

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "noise_peer:", err)
		os.Exit(1)
	}
}

func fromHex(text string) []byte {
	data, err := hex.DecodeString(text)
	must(err)
	return data
}

func sendPiece(line net.Conn, data []byte) {
	var length [2]byte
	binary.BigEndian.PutUint16(length[:], uint16(len(data)))
	_, err := line.Write(append(length[:], data...))
	must(err)
}

func receivePiece(line net.Conn) []byte {
	var length [2]byte
	_, err := io.ReadFull(line, length[:])
	must(err)
	data := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err = io.ReadFull(line, data)
	must(err)
	return data
}

func body(size int, role string) []byte {
	out := make([]byte, 0, size+32)
	for i := uint32(0); len(out) < size; i++ { // hashes: nothing to pack
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s %d %d", role, size, i)))
		out = append(out, sum[:]...)
	}
	return out[:size]
}

var sizes = []int{0, 1, 200, 65519, 3, 200000, 17, 4000, 65520, 5}

func write(line net.Conn, cipher *noise.CipherState, role string) {
	frames := 0
	for i, size := range sizes {
		content := body(size, role)
		stream := binary.AppendUvarint(nil, uint64(200+i))
		stream = append(binary.AppendUvarint(stream, uint64(2*size)), content...)
		for len(stream) > 0 {
			piece := stream
			if len(piece) > pieceBytes {
				piece = piece[:pieceBytes]
			}
			stream = stream[len(piece):]
			sealed, err := cipher.Encrypt(nil, nil, piece)
			must(err)
			sendPiece(line, sealed)
			if frames++; frames%framesUnderOneKey == 0 {
				cipher.Rekey()
			}
		}
	}
}

func read(line net.Conn, cipher *noise.CipherState) {
	var stream bytes.Buffer
	frames, got := 0, 0
	for got < len(sizes) {
		piece, err := cipher.Decrypt(nil, nil, receivePiece(line))
		must(err)
		if frames++; frames%framesUnderOneKey == 0 {
			cipher.Rekey()
		}
		stream.Write(piece)
		for {
			whole := bytes.NewReader(stream.Bytes())
			kind, first := binary.ReadUvarint(whole)
			length, second := binary.ReadUvarint(whole)
			if first != nil || second != nil || uint64(whole.Len()) < length/2 {
				break
			}
			if length%2 != 0 {
				must(fmt.Errorf("a message is packed that does not get smaller"))
			}
			stream.Next(stream.Len() - whole.Len())
			fmt.Printf("got %d %x\n", kind, sha256.Sum256(stream.Next(int(length/2))))
			got++
		}
	}
}

func main() {
	if len(os.Args) != 8 {
		must(fmt.Errorf("seven arguments, see the head of the source"))
	}
	patterns := map[string]noise.HandshakePattern{"XK": noise.HandshakeXK, "XX": noise.HandshakeXX}
	pattern, role, own := patterns[os.Args[1]], os.Args[2], fromHex(os.Args[4])
	public, err := curve25519.X25519(own, curve25519.Basepoint)
	must(err)
	config := noise.Config{
		CipherSuite: noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2b),
		Random:      rand.Reader, Pattern: pattern, Initiator: role == "initiator", Prologue: fromHex(os.Args[7]),
		PresharedKey: fromHex(os.Args[6]), PresharedKeyPlacement: 3,
		StaticKeypair: noise.DHKey{Private: own, Public: public},
	}
	if config.Initiator && os.Args[1] == "XK" {
		config.PeerStatic = fromHex(os.Args[5])
	}
	var line net.Conn
	if config.Initiator {
		line, err = net.Dial("tcp", "127.0.0.1:"+os.Args[3])
	} else {
		door, failed := net.Listen("tcp", "127.0.0.1:0")
		must(failed)
		fmt.Printf("port %d\n", door.Addr().(*net.TCPAddr).Port)
		line, err = door.Accept()
	}
	must(err)
	defer line.Close()

	state, err := noise.NewHandshakeState(config)
	must(err)
	var first, second *noise.CipherState
	for ours := config.Initiator; first == nil; ours = !ours {
		if ours {
			message, one, two, failed := state.WriteMessage(nil, nil)
			must(failed)
			sendPiece(line, message)
			first, second = one, two
		} else {
			_, one, two, failed := state.ReadMessage(nil, receivePiece(line))
			must(failed)
			first, second = one, two
		}
	}
	if hex.EncodeToString(state.PeerStatic()) != os.Args[5] {
		must(fmt.Errorf("another static key called"))
	}
	fmt.Printf("hash %x\n", state.ChannelBinding())
	if config.Initiator {
		write(line, first, role)
		read(line, second)
	} else {
		read(line, first)
		write(line, second, role)
	}
}
