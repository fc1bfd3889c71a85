package disk_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/dossier-crm/dossier/internal/blob/disk"
)

// BenchmarkStore stores contents that are not there yet, hash and sync included.
func BenchmarkStore(b *testing.B) {
	for _, c := range []struct {
		name string
		size int64
	}{{"4KiB", 4 << 10}, {"1MiB", 1 << 20}, {"100MB", 100e6}} {
		b.Run(c.name, func(b *testing.B) {
			s, err := disk.Open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			data := make([]byte, c.size)
			rand.NewChaCha8([32]byte{}).Read(data)
			b.SetBytes(c.size)
			ctx := context.Background()
			var n uint64
			for b.Loop() {
				n++
				binary.LittleEndian.PutUint64(data, n)
				u, err := s.Create(ctx)
				if err != nil {
					b.Fatal(err)
				}
				// A bare reader: what an HTTP body offers.
				if _, err := io.Copy(u, struct{ io.Reader }{bytes.NewReader(data)}); err != nil {
					b.Fatal(err)
				}
				hash, _, err := u.Commit(ctx)
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := s.Delete(ctx, hash); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
