package apptest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

const spoken = `What is said.
-- headers --
X-Common: ${WORD}
-- 01.request --
POST /echo?q=a b
Content-Type: text/plain

two
lines
-- 01.response --
200 OK
X-Minute: 3

{"said":"two\nlines","common":"${WORD}","q":"q=a%20b","token":"${TOKEN}"}
-- 01.capture --
TOKEN = token
MINUTE = header X-Minute
-- 02.clock --
2m
-- 02.request --
GET ${URL}/list/${TOKEN}
X-Common:
-- 02.response --
404 Not Found
X-Minute: 5

[
{"id":1,"common":""},
{"id":2}
]
-- 03.request --
GET /bytes
-- 03.response --
200 OK
Content-Type: application/octet-stream

(3 bytes, sha256 ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc)
-- 04.request --
HEAD /echo
-- 04.response --
200 OK
`

// talk runs a conversation with a small server.
func talk(t *testing.T, text string, update bool) (said string, wrong []string, err error) {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 3, 0, 0, time.UTC)
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Minute", fmt.Sprint(now.Minute()))
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, "{\"said\":%q,\"common\":%q,\"q\":%q,\"token\":%q}\n", body, r.Header.Get("X-Common"), r.URL.RawQuery, "changing-"+fmt.Sprint(time.Now().UnixNano()))
	})
	mux.HandleFunc("/list/{token}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Minute", fmt.Sprint(now.Minute()))
		w.WriteHeader(404)
		fmt.Fprintf(w, `[{"id":1,"common":%q},{"id":2}]`, r.Header.Get("X-Common"))
	})
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Write([]byte{0, 1, 2})
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) }))
	defer srv.Close()
	c := &conversation{headers: textproto.MIMEHeader{}, Server: Server{
		Addr:    strings.TrimPrefix(srv.URL, "http://"),
		Vars:    map[string]string{"URL": srv.URL, "WORD": "un/mistakable"},
		Advance: func(d time.Duration) { now = now.Add(d) },
	}}
	files, wrong, err := c.run(txtar.Parse([]byte(text)), update)
	return string(txtar.Format(&txtar.Archive{Comment: []byte("What is said.\n"), Files: files})), wrong, err
}

// mended is spoken as it can be sent through net/http: raw spaces are the real
// server's business.
func mended() string { return strings.Replace(spoken, "q=a b", "q=a%20b", 1) }

func TestConversation(t *testing.T) {
	_, wrong, err := talk(t, mended(), false)
	if err != nil || len(wrong) > 0 {
		t.Fatal(err, wrong)
	}
	_, wrong, err = talk(t, strings.Replace(mended(), `{"id":2}`, `{"id":3}`, 1), false)
	if err != nil || len(wrong) != 1 || !strings.Contains(wrong[0], "02.response") || !strings.Contains(wrong[0], `{"id":2}`) {
		t.Errorf("%v, differences: %q", err, wrong)
	}
}

func TestConversationUpdate(t *testing.T) {
	// Answers that are wrong, and one that is missing.
	text := strings.NewReplacer(`{"id":2}`, `{"id":3}`, "404 Not Found", "200 OK", "-- 04.response --\n200 OK\n", "").Replace(mended())
	said, wrong, err := talk(t, text, true)
	if err != nil || len(wrong) > 0 {
		t.Fatal(err, wrong)
	}
	if diff := cmp.Diff(mended(), said); diff != "" {
		t.Error(diff)
	}
}

func TestConversationErrors(t *testing.T) {
	for name, text := range map[string]string{
		"nothing is called NO":     "-- 01.request --\nGET /${NO}\n-- 01.response --\n",
		"response does not follow": "-- 01.request --\nGET /echo\n-- 02.response --\n",
		"no request before it":     "-- 01.response --\n200 OK\n",
		"is no part":               "-- 01.request --\nGET /echo\n-- 01.response --\n-- 01.answer --\n",
		"is no request line":       "-- 01.request --\nGET\n-- 01.response --\n",
		"has no nothing":           "-- 01.request --\nGET /echo\n-- 01.response --\n-- 01.capture --\nX = nothing\n",
		"NAME = path":              "-- 01.request --\nGET /echo\n-- 01.response --\n-- 01.capture --\nx = token\n",
		"is no header":             "-- headers --\nhello\n",
		"invalid duration":         "-- 01.clock --\nsoon\n",
	} {
		if _, _, err := talk(t, text, false); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
