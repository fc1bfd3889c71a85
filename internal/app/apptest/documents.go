package apptest

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"testing"
)

// Contents are the files in the storage for documents, those included that are being
// written. It is for installations that keep them on the disk.
func (a *App) Contents(t testing.TB) (files []string) {
	t.Helper()
	root := filepath.Join(a.Data, "blobs")
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // made when the first document comes, or ended meanwhile
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Virus is what the scanner of Infected finds.
const Virus = "Test.Pattern"

// Infected returns the address, as --clamd takes it, of a scanner that finds Virus in
// every file. It takes files of the 3 bytes "abc" only.
func Infected(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			scan(conn)
		}
	}()
	t.Cleanup(func() { listener.Close(); <-ended })
	return "tcp://" + listener.Addr().String()
}

// scan reads one INSTREAM of clamd's protocol, "abc", and reports a virus.
func scan(conn net.Conn) {
	defer conn.Close()
	stream := "zINSTREAM\x00" + "\x00\x00\x00\x03abc" + "\x00\x00\x00\x00"
	if _, err := io.ReadFull(conn, make([]byte, len(stream))); err == nil {
		_, _ = io.WriteString(conn, "stream: "+Virus+" FOUND\x00")
	}
}

// NoScanner returns the address, as --clamd takes it, of a scanner that does not
// answer.
func NoScanner(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil || listener.Close() != nil {
		t.Fatal(err)
	}
	return "tcp://" + listener.Addr().String()
}
