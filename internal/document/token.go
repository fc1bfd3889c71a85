package document

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// A token is what an own locator or link ends in, base64url of
//
//	version, purpose, id, mark and expiry (8 bytes each, big-endian),
//	name of the workspace, HMAC-SHA256 of all that
//
// The mark ties it to one document and not just to its id, which may be given
// again when a workspace is reset: for uploads the creation time, for downloads
// the first bytes of the hash.
const (
	tokenVersion = 1
	tokenHead    = 2 + 3*8
	tokenSum     = sha256.Size
	maxWorkspace = 64 // bytes
	maxToken     = tokenHead + maxWorkspace + tokenSum
)

type purpose byte

const (
	forUpload   purpose = 'u'
	forDownload purpose = 'd'
)

type token struct {
	id      int64
	mark    uint64
	expires time.Time // whole milliseconds
}

var tokenEncoding = base64.RawURLEncoding.Strict() // one text for each token

// sign returns the text of a token.
func (s *Service) sign(p purpose, t token) string {
	b := make([]byte, 0, tokenHead+len(s.cfg.Workspace)+tokenSum)
	b = append(b, tokenVersion, byte(p))
	b = binary.BigEndian.AppendUint64(b, uint64(t.id))
	b = binary.BigEndian.AppendUint64(b, t.mark)
	b = binary.BigEndian.AppendUint64(b, uint64(t.expires.UnixMilli()))
	b = append(b, s.cfg.Workspace...)
	return tokenEncoding.EncodeToString(s.sum(b, b))
}

// sum appends the HMAC of data to dst.
func (s *Service) sum(dst, data []byte) []byte { return sum(s.cfg.Key, dst, data) }

func sum(key, dst, data []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return mac.Sum(dst)
}

// verify reads a token made for the purpose. One that was not signed here, or
// for another purpose or workspace, and one that has expired, are
// fault.Forbidden, as they are at S3.
func (s *Service) verify(p purpose, text string) (token, error) {
	b, err := signed(s.cfg.Key, text)
	if err != nil {
		return token{}, err
	}
	if purpose(b[1]) != p || string(b[tokenHead:]) != s.cfg.Workspace {
		return token{}, errAltered().Because(errors.New("signed for something else"))
	}
	t := token{
		id:      int64(binary.BigEndian.Uint64(b[2:])),
		mark:    binary.BigEndian.Uint64(b[10:]),
		expires: time.UnixMilli(int64(binary.BigEndian.Uint64(b[18:]))),
	}
	if !s.now().Before(t.expires) {
		return token{}, errExpired()
	}
	return t, nil
}

func errAltered() *fault.Error {
	return fault.New(fault.Forbidden, "the address is not valid; it may have been altered")
}

// signed returns what was signed with key in a token's text, and errAltered when
// it was not.
func signed(key []byte, text string) ([]byte, error) {
	b, err := decodeToken(text)
	if err != nil {
		return nil, errAltered().Because(err)
	}
	b, mac := b[:len(b)-tokenSum], b[len(b)-tokenSum:]
	if !hmac.Equal(mac, sum(key, nil, b)) {
		return nil, errAltered().Because(errors.New("wrong signature"))
	}
	return b, nil
}

func errExpired() *fault.Error { return fault.New(fault.Forbidden, "the address has expired") }

func decodeToken(text string) ([]byte, error) {
	if tokenEncoding.DecodedLen(len(text)) > maxToken {
		return nil, errors.New("too long")
	}
	b, err := tokenEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(b) < tokenHead+tokenSum || b[0] != tokenVersion {
		return nil, errors.New("not of this form")
	}
	return b, nil
}

// WorkspaceOf returns the name of the workspace that a token is of, whose service
// knows the rest. key is that of all services of the installation: a text that was
// not signed with it is fault.Forbidden and opens nothing.
func WorkspaceOf(key []byte, text string) (string, error) {
	b, err := signed(key, text)
	if err != nil {
		return "", err
	}
	return string(b[tokenHead:]), nil
}

// uploadName is the name under which a store that presigns takes the contents
// of a document. It begins with the id and cannot be that of another document
// with this id, before or after a reset.
func (s *Service) uploadName(id int64, created time.Time) string {
	b := fmt.Appendf(nil, "upload name\x00%s\x00%d\x00%d", s.cfg.Workspace, id, created.UnixMilli())
	return fmt.Sprintf("%07d-%x", id, s.sum(nil, b)[:8])
}

// uploadID returns the id that an upload's name begins with.
func uploadID(name string) (int64, bool) {
	digits, _, ok := strings.Cut(name, "-")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, err == nil && id > 0
}
