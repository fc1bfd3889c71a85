package transfer

import (
	"bytes"
	"crypto/md5" //nolint:gosec // what Content-MD5 asks for; nothing relies on it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
)

// checksum is a digest that a client announced.
type checksum struct {
	header string
	sum    hash.Hash
	want   []byte
}

// verifier fails a body at its end when it is not what was announced, before
// anything of it is kept.
type verifier struct {
	io.Reader
	sums []checksum
}

func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.Reader.Read(p)
	for _, c := range v.sums {
		c.sum.Write(p[:n]) // never fails
	}
	if err != io.EOF {
		return n, err
	}
	for _, c := range v.sums {
		if !bytes.Equal(c.sum.Sum(nil), c.want) {
			return n, fault.New(fault.Invalid, "the bytes that arrived do not have the %s that was sent", c.header)
		}
	}
	return n, io.EOF
}

// verified returns body with the checks that the headers ask for: Content-MD5
// (RFC 1864) and S3's x-amz-content-sha256, whose words for unsigned contents
// ask for none.
func verified(body io.Reader, h http.Header) (io.Reader, error) {
	var sums []checksum
	if v := h.Get("Content-MD5"); v != "" {
		want, err := base64.StdEncoding.DecodeString(v)
		if err != nil || len(want) != md5.Size {
			return nil, fault.New(fault.Invalid, "Content-MD5 must be 16 bytes in base64")
		}
		sums = append(sums, checksum{"Content-MD5", md5.New(), want}) //nolint:gosec // see the import
	}
	switch v := h.Get("X-Amz-Content-Sha256"); {
	case v == "" || v == "UNSIGNED-PAYLOAD":
	case strings.HasPrefix(v, "STREAMING-"):
		return nil, fault.New(fault.Invalid, "the bytes are stored as they come; signed chunks are not allowed")
	default:
		want, err := hex.DecodeString(v)
		if err != nil || len(want) != sha256.Size {
			return nil, fault.New(fault.Invalid, "x-amz-content-sha256 must be 32 bytes in hexadecimal")
		}
		sums = append(sums, checksum{"x-amz-content-sha256", sha256.New(), want})
	}
	if sums == nil {
		return body, nil
	}
	return &verifier{body, sums}, nil
}
