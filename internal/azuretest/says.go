package azuretest

import (
	"io"
	"net"
)

// Says is a server that says one thing to whoever has spoken to it, and hangs up.
// It returns its address.
func Says(tb TB, text string) (address string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("azuretest: %v", err)
	}
	tb.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = conn.Read(make([]byte, 4096)) // closing earlier would be a reset
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}
