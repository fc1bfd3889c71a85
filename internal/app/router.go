package app

import (
	"cmp"
	"net/http"
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
	path := r.URL.Path
	for _, mount := range m {
		if len(path) >= len(mount.prefix) && strings.EqualFold(path[:len(mount.prefix)], mount.prefix) {
			mount.handler.ServeHTTP(w, r)
			return
		}
	}
	httpd.Error(w, r, fault.New(fault.NotFound, "there is nothing at this address"))
}
