package wolkvox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/dossier-crm/dossier/internal/fault"
)

// kept is an attachment in memory.
type kept struct {
	bytes.Buffer
	closed bool
}

func (k *kept) Close() error {
	k.closed = true
	return nil
}

// FuzzBody reads bodies of every form: what is taken is JSON by name and attachments
// that are whole, and everything else is the client's fault.
func FuzzBody(f *testing.F) {
	const boundary = "multipart/form-data; boundary=x"
	for kind, bodies := range map[string][]string{
		"application/json": {
			`{"operation":"a","attachments":["aGVsbG8=","",null,"data:text/plain;base64,aGk="],"form":{"a":[1,2]},"WOLKVOX_ID":7}`,
			`{"attachments":["aGVs*"]}`, `{"form":"{}","form":1}`, `[]`, ``, ` null`, `{"attachments":null,"value":true}`, "{\"value\":\"\\ud800\"}",
		},
		"application/x-www-form-urlencoded": {`operation=a&value=%C3%B1&x`, `{"operation":1}`, `file=a`, `a=%zz`, `value=1&value=2`, "value=%ff"},
		boundary: {
			"--x\r\nContent-Disposition: form-data; name=\"value\"\r\n\r\na\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--x--\r\n",
			"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"x\"; filename=\"empty\"\r\n\r\n\r\n--x--\r\n",
			"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhello\r\n--x--", "--x",
		},
		"text/plain;": {`{"operation":"a"}`}, "": {"x"},
	} {
		for _, body := range bodies {
			f.Add(kind, "operation=main&a=b", []byte(body))
		}
	}
	d, err := New(Config{MaxFile: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind, query string, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		r.Header.Set("Content-Type", kind)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		var files []*kept
		in := &incoming{d: d, r: r, files: true, body: bytes.NewReader(body)}
		got, err := in.read(t.Context(), func(context.Context) (io.WriteCloser, error) {
			files = append(files, &kept{})
			return files[len(files)-1], nil
		})
		if err != nil {
			switch fault.KindOf(err) {
			case fault.Invalid, fault.TooLarge, fault.Unsupported:
			default:
				t.Fatalf("%v", err)
			}
			if code, a := answerOf(err); code < 400 || code >= 500 || a.Msg == "" {
				t.Fatalf("%d %+v for %v", code, a, err)
			}
			return
		}
		for name, raw := range got.values {
			if len(raw) > 0 && !json.Valid(raw) || name != strings.ToLower(name) {
				t.Errorf("%q is %s", name, raw)
			}
			if _, err := got.text(name); err != nil && fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %v", name, err)
			}
		}
		if len(got.files) != len(files) {
			t.Errorf("%d attachments of %d files", len(got.files), len(files))
		}
		for i, k := range files {
			if !k.closed || k.Len() == 0 && got.files[i].name == "" || k.Len() > 1000 {
				t.Errorf("attachment %d: %d bytes, closed %t, called %q", i, k.Len(), k.closed, got.files[i].name)
			}
		}
	})
}
