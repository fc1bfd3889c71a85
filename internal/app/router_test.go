package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// Paths are told by their beginning, whatever its letter case and however many slashes
// it has; what stands behind it is left as it is, unless there were too many before.
func TestRouter(t *testing.T) {
	tell := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Seen", name+" "+r.URL.EscapedPath()) })
	}
	m := newRouter([]mount{{"/a/", tell("a")}, {"/a/b/", tell("b")}, {"//c/", tell("c")}})
	for path, want := range map[string]string{
		"/a/x":        "a /a/x",
		"/A/b/x//y":   "b /A/b/x//y",
		"/a//b/x":     "a /a//b/x",
		"//a/x//y":    "a /a/x/y",
		"///a//b/":    "b /a/b/",
		"//a/x%2F%2F": "a /a/x%2F%2F",
		"//c/x":       "c //c/x",
		"/c/x":        "",
		"//":          "",
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
		if got := w.Header().Get("Seen"); got != want || want == "" && w.Code != http.StatusNotFound {
			t.Errorf("%s: %q with status %d, want %q", path, got, w.Code, want)
		}
	}
}
