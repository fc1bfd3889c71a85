package sage

import (
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/fault"
)

// handler serves one operation for somebody who is logged in.
type handler func(d *Dialect, s *session, w http.ResponseWriter, r *request) error

// request is an HTTP request with its path taken apart.
type request struct {
	*http.Request
	query  query
	values []string // path segments that matched {…}, in order, as the client spelled them
	count  int      // rows in a page when the client does not say; 0 = defaultCount

	bodies *budget // of the dialect
	held   int64   // bytes taken out of it
}

// pageSize is how many rows the client gets.
func (r *request) pageSize() int {
	if r.count > 0 && r.Header.Get("Count") == "" && r.Header.Get("X-Fm-Entity-Count") == "" {
		return r.count
	}
	return pageSize(r.Header)
}

// route is one line of the dialect: a method and a path below /api/v4. Path
// segments match in any letter case [DOC: /salesordersLines and /salesOrdersLines].
type route struct {
	method  string
	pattern []string // lower case; "{}" matches any one segment
	handle  handler
	terse   bool // "not exist" is said without a message
}

func at(method, pattern string, h handler) route {
	return route{method: method, pattern: strings.Split(strings.Trim(pattern, "/"), "/"), handle: h}
}

// named is h for the resource of this name, which the path does not have where h
// looks for it.
func named(name string, h handler) handler {
	return func(d *Dialect, s *session, w http.ResponseWriter, r *request) error {
		r.values = append([]string{name}, r.values...)
		return h(d, s, w, r)
	}
}

func (rt route) tersely() route {
	rt.terse = true
	return rt
}

// routes is the whole dialect. The first match wins, so fixed segments stand
// before {}.
var routes = []route{
	at("GET", "/resources", (*Dialect).listResources),
	at("GET", "/{}/schema", (*Dialect).schema),
	at("GET", "/changes", (*Dialect).listChanges), // ours

	at("GET", "/documents/folders", (*Dialect).listFolders),
	at("POST", "/documents/folders", (*Dialect).createFolder),
	at("GET", "/documents", (*Dialect).listDocuments),
	at("POST", "/documents", (*Dialect).createDocument),
	at("GET", "/documents/{}", (*Dialect).getDocument),
	at("DELETE", "/documents/{}", (*Dialect).deleteDocument),
	at("GET", "/{}/{}/documents/folders", (*Dialect).listFolders),
	at("POST", "/{}/{}/documents/folders", (*Dialect).createFolder),
	at("GET", "/{}/{}/documents", (*Dialect).listDocuments),
	at("POST", "/{}/{}/documents", (*Dialect).createDocument),

	at("GET", "/extrafields/{}/schema", (*Dialect).extraFieldsSchema),
	at("GET", "/extrafields/{}", (*Dialect).listExtraFields),
	at("POST", "/extrafields/{}", (*Dialect).createExtraField),

	at("GET", "/users/scores", (*Dialect).userScores),
	at("GET", "/users/{}/roles", (*Dialect).listUserRoles),
	at("PUT", "/users/{}/roles", (*Dialect).addUserRoles),
	at("DELETE", "/users/{}/roles", (*Dialect).removeUserRoles),
	at("GET", "/roles/{}/users", (*Dialect).listRoleUsers),

	at("POST", "/calls", (*Dialect).createCalls),
	at("POST", "/calls/identify", (*Dialect).identifyCall),
	at("GET", "/calls/phone/{}", (*Dialect).findPhone),
	at("POST", "/emails", (*Dialect).createEmails),

	at("GET", "/activity/points", (*Dialect).getPoints),
	at("PUT", "/activity/points", (*Dialect).putPoints),
	at("GET", "/forms/{}/state", (*Dialect).formState),
	at("GET", "/forms/{}/template", (*Dialect).formTemplate),
	at("POST", "/procedure/zapier_schema", (*Dialect).zapierSchema),

	at("GET", "/list/{}/schema", (*Dialect).schema),
	at("GET", "/list/{}", (*Dialect).list),
	at("POST", "/list/{}", (*Dialect).create),
	at("GET", "/list/{}/{}", (*Dialect).get),
	at("PUT", "/list/{}/{}", (*Dialect).update),
	at("DELETE", "/list/{}/{}", (*Dialect).delete),

	at("POST", "/{}/bulk", (*Dialect).bulkCreate),
	at("PUT", "/{}/bulk", (*Dialect).bulkUpdate),
	at("DELETE", "/{}/bulk", (*Dialect).bulkDelete),
	at("GET", "/calls/{}", named("calls", (*Dialect).get)).tersely(),
	at("PUT", "/calls/{}", named("calls", (*Dialect).update)).tersely(),
	at("DELETE", "/calls/{}", named("calls", (*Dialect).delete)).tersely(),
	at("GET", "/{}", (*Dialect).list),
	at("POST", "/{}", (*Dialect).create),
	at("GET", "/{}/{}", (*Dialect).get),
	at("PUT", "/{}/{}", (*Dialect).update),
	at("DELETE", "/{}/{}", (*Dialect).delete),
}

// find returns the route of a request. A path that exists with other methods
// only is fault.NotOffered, an unknown one fault.NoResource.
func find(method string, segments []string, values []string) (*route, []string, error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	elsewhere := false
	for i := range routes {
		rt := &routes[i]
		if len(rt.pattern) != len(segments) {
			continue
		}
		got, ok := rt.match(segments, values[:0])
		if !ok {
			continue
		}
		if rt.method == method {
			return rt, got, nil
		}
		elsewhere = true
	}
	if elsewhere {
		return nil, nil, fault.New(fault.NotOffered, "the method %s is not offered here", method)
	}
	return nil, nil, fault.New(fault.NoResource, "there is no resource at this path")
}

func (rt *route) match(segments, values []string) ([]string, bool) {
	for i, p := range rt.pattern {
		switch {
		case p == "{}":
			values = append(values, segments[i])
		case !strings.EqualFold(p, segments[i]):
			return nil, false
		}
	}
	return values, true
}

// maxSegments is how deep the paths of the dialect go.
const maxSegments = 6

// split takes the path below /api/v4 apart; empty segments, as of a trailing or
// double slash, do not count.
func split(path string, into []string) []string {
	for path != "" && len(into) <= maxSegments {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		if segment != "" {
			into = append(into, segment)
		}
	}
	return into
}
