package app

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/httpd"
)

// mount is a handler for all paths that begin with prefix, in any letter case.
type mount struct {
	prefix  string
	handler http.Handler
}

// router is not an http.ServeMux because that redirects paths with double slashes
// and dots, which clients send, and tells letter case apart.
type router []mount

// newRouter returns a router that takes the longest prefix that fits, and of two that
// are equal the one that stands first.
func newRouter(mounts []mount) router {
	slices.SortStableFunc(mounts, func(a, b mount) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return mounts
}

func (m router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := m.find(r.URL.Path)
	if h == nil {
		// A client whose base URL ends in a slash doubles the one that its paths begin with.
		u := *r.URL
		u.RawPath = single(u.EscapedPath())
		if path, err := url.PathUnescape(u.RawPath); err == nil {
			u.Path = path
		}
		if h = m.find(u.Path); h != nil {
			again := *r
			again.URL, r = &u, &again
		}
	}
	if h == nil {
		httpd.Error(w, r, fault.New(fault.NotFound, "there is nothing at this address"))
		return
	}
	h.ServeHTTP(w, r)
}

// find returns the handler for a path, nil when there is none.
func (m router) find(path string) http.Handler {
	for _, mount := range m {
		if len(path) >= len(mount.prefix) && strings.EqualFold(path[:len(mount.prefix)], mount.prefix) {
			return mount.handler
		}
	}
	return nil
}

// single returns a path with one slash where it has several.
func single(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}
