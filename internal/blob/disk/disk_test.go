package disk_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dossier-crm/dossier/internal/blob/blobtest"
	"github.com/dossier-crm/dossier/internal/blob/disk"
)

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) (blobtest.Store, func() int) {
		dir := t.TempDir()
		s, err := disk.Open(filepath.Join(dir, "new", "blobs"))
		if err != nil {
			t.Fatal(err)
		}
		return s, func() int {
			entries, err := os.ReadDir(filepath.Join(dir, "new", "blobs", "tmp"))
			if err != nil {
				t.Fatal(err)
			}
			return len(entries)
		}
	})
}
