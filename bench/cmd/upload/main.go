// Command upload takes files as base64 in JSON in three ways, all of which answer
// with the SHA-256 of the file once it is on the disk. The benchmark in the folder
// above compares them.
//
//	POST /intake    by Dossier's packages intake and blob
//	POST /minimal   by a handler that does nothing but the work: it knows where in the
//	                body the file begins, and decodes, hashes and writes it in a loop
//	POST /struct    by a handler that unmarshals the body into a struct
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/emmansun/base64"

	"github.com/dossier-crm/dossier/internal/blob"
	"github.com/dossier-crm/dossier/internal/blob/disk"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	maxBody = 1 << 30
	maxFile = 1 << 29
	piece   = 64 << 10 // of base64, decoded at once by the minimal handler
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "upload:", err)
		os.Exit(1)
	}
}

func run() error {
	dir := flag.String("dir", "", "folder for what is uploaded")
	listen := flag.String("listen", "127.0.0.1:8092", "address to serve on")
	flag.Parse()
	blobs, err := disk.Open(filepath.Join(*dir, "blobs"))
	if err != nil {
		return err
	}
	schema, err := intake.NewSchema(intake.Spec{Members: []intake.Member{
		{Path: "name", Rule: intake.Rule{Do: intake.Capture}},
		{Path: "file", Rule: intake.Rule{Do: intake.Keep, Max: maxFile}},
	}})
	if err != nil {
		return err
	}
	s := &server{dir: *dir, blobs: blobs, schema: schema}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /intake", answer(s.intake))
	mux.HandleFunc("POST /minimal", answer(s.minimal))
	mux.HandleFunc("POST /struct", answer(s.unmarshal))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	web := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { web.Close() })
	if err := web.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type server struct {
	dir    string
	blobs  blob.Store
	schema *intake.Schema
}

// answer sends the hash that a handler returns.
func answer(take func(r *http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		hash, err := take(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		io.WriteString(w, hash)
	}
}

// kept is a file that Close commits.
type kept struct {
	blob.Upload
	ctx  context.Context
	hash string
}

func (k *kept) Close() (err error) {
	k.hash, _, err = k.Commit(k.ctx)
	return err
}

func (s *server) intake(r *http.Request) (string, error) {
	body, err := intake.NewBody(r, maxBody)
	if err != nil {
		return "", err
	}
	var file *kept
	_, err = s.schema.Read(r.Context(), body, func(ctx context.Context) (io.WriteCloser, error) {
		u, err := s.blobs.Create(ctx)
		file = &kept{Upload: u, ctx: ctx}
		return file, err
	})
	if err != nil || file == nil {
		return "", errors.Join(err, errors.New("no file"))
	}
	return file.hash, s.blobs.Delete(r.Context(), file.hash) // the disk is not to fill up
}

// marker is what stands before the file in the bodies of the benchmark.
const marker = `"file":"`

func (s *server) minimal(r *http.Request) (string, error) {
	return s.store(func(f io.Writer) error {
		buf, out := make([]byte, piece), make([]byte, piece)
		n, err := io.ReadAtLeast(r.Body, buf, 256)
		if err != nil {
			return err
		}
		begin := bytes.Index(buf[:n], []byte(marker))
		if begin < 0 {
			return errors.New("no file")
		}
		fill := copy(buf, buf[begin+len(marker):n])
		for {
			end := bytes.IndexByte(buf[:fill], '"')
			if end >= 0 {
				fill = end
			}
			whole := fill / 4 * 4
			k, err := base64.StdEncoding.Decode(out, buf[:whole])
			if err != nil {
				return err
			}
			if _, err := f.Write(out[:k]); err != nil {
				return err
			}
			if end >= 0 {
				_, err := io.Copy(io.Discard, r.Body)
				return err
			}
			fill = copy(buf, buf[whole:fill])
			n, err := r.Body.Read(buf[fill:])
			if fill += n; n == 0 && err != nil {
				return err
			}
		}
	})
}

func (s *server) unmarshal(r *http.Request) (string, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	var upload struct {
		Name string `json:"name"`
		File []byte `json:"file"`
	}
	if err := json.Unmarshal(body, &upload); err != nil {
		return "", err
	}
	return s.store(func(f io.Writer) error {
		_, err := f.Write(upload.File)
		return err
	})
}

// store writes a file, hashes it meanwhile, and syncs it.
func (s *server) store(write func(io.Writer) error) (string, error) {
	f, err := os.CreateTemp(s.dir, "")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	err = write(io.MultiWriter(f, sum))
	if err == nil {
		err = f.Sync()
	}
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, f.Close(), os.Remove(f.Name()))
}
