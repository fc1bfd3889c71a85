package sage_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/dossier-crm/dossier/internal/app/apptest"
	"github.com/dossier-crm/dossier/internal/dialect/sage"
	"github.com/dossier-crm/dossier/internal/resource"
)

// contract holds exchanges to the OpenAPI document of an instance. It reads the
// document as any client would: nothing of it but the JSON is known here, and
// schemas are judged by a library that is not ours.
type contract struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by the place in the document
	mu       sync.Mutex                    // of schemas
}

// documentURL is how references call the document.
const documentURL = "mem:///openapi.json"

func newContract(body []byte) (*contract, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	c := &contract{doc: doc.(map[string]any), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	return c, c.compiler.AddResource(documentURL, doc)
}

// contracts are the documents that were met so far. Most conversations share one.
type contracts struct {
	mu    sync.Mutex
	known map[string]*contract // by the text of the document
}

// watch checks the exchanges of an installation against its document as it is
// after the request, since an answer may show a field that the request made.
func (all *contracts) watch(a *apptest.App) func(apptest.Exchange) error {
	var now *contract
	var of []*resource.Resource
	return func(x apptest.Exchange) error {
		ws, release, err := a.Workspaces.Acquire(context.Background(), a.Workspace)
		if err != nil {
			return err
		}
		defer release()
		catalog := ws.Records.Catalog()
		if now == nil || !slices.Equal(of, catalog.All()) {
			if now, err = all.get(sage.OpenAPI(catalog, "/api/v4")); err != nil {
				return err
			}
			of = catalog.All()
		}
		return now.check(x)
	}
}

func (all *contracts) get(body []byte) (*contract, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if c := all.known[string(body)]; c != nil {
		return c, nil
	}
	c, err := newContract(body)
	if err == nil {
		all.known[string(body)] = c
	}
	return c, err
}

// check returns what an exchange has that the document does not say. An answer of
// an error shows that the request may be bad; then only the answer counts.
func (c *contract) check(x apptest.Exchange) error {
	target, query, _ := strings.Cut(x.Target, "?")
	path, ok := cutPrefixFold(target, "/api/v4")
	if !ok || x.Method == http.MethodOptions || strings.HasPrefix(path, "/download/") {
		return nil // not of this API: contents of documents, and questions of browsers
	}
	method := strings.ToLower(x.Method)
	if x.Method == http.MethodHead {
		method = "get"
	}
	place, item := c.find(path, method)
	if place == "" {
		if x.Status < 300 {
			return fmt.Errorf("%s %s succeeds and is not in the OpenAPI document", x.Method, target)
		}
		return c.validate("/components/schemas/Error", x.Answer)
	}
	status := strconv.Itoa(x.Status)
	answers := item["responses"].(map[string]any)
	answer, ok := answers[status].(map[string]any)
	if !ok {
		return fmt.Errorf("%s %s: the OpenAPI document knows no status %s", x.Method, target, status)
	}
	at := place + "/responses/" + status
	if ref, ok := answer["$ref"].(string); ok {
		at = strings.TrimPrefix(ref, "#")
		answer = c.doc["components"].(map[string]any)["responses"].(map[string]any)[at[strings.LastIndexByte(at, '/')+1:]].(map[string]any)
	}
	if answer["content"] != nil && x.Method != http.MethodHead {
		if err := c.validate(at+"/content/application~1json/schema", x.Answer); err != nil {
			return fmt.Errorf("answer of %s %s: %w", x.Method, target, err)
		}
		if typ := x.AnswerHeader.Get("Content-Type"); typ != "application/json" {
			return fmt.Errorf("%s %s: Content-Type is %s", x.Method, target, typ)
		}
	}
	if x.Status >= 300 {
		return nil
	}
	var err error
	if err = c.checkParameters(item, query, x.Header); err != nil {
		return fmt.Errorf("%s %s: %w", x.Method, target, err)
	}
	body, has := item["requestBody"].(map[string]any)
	sent := bytes.TrimSpace(x.Body)
	if !has || len(sent) == 0 && body["required"] != true {
		return nil
	}
	if strings.HasSuffix(strings.ToLower(path), "/bulk") {
		if sent, err = goodItems(sent, x.Answer); err != nil {
			return err
		}
	}
	if err := c.lenient(place+"/requestBody/content/application~1json/schema", sent); err != nil {
		return fmt.Errorf("body of %s %s: %w", x.Method, target, err)
	}
	return nil
}

// goodItems are the items of a bulk request that were carried out.
func goodItems(sent, answer []byte) ([]byte, error) {
	var items []json.RawMessage
	var outcomes []struct{ Code int }
	if err := errors.Join(json.Unmarshal(sent, &items), json.Unmarshal(answer, &outcomes)); err != nil {
		return nil, err
	}
	good := []json.RawMessage{}
	for i, o := range outcomes {
		if o.Code == 1 {
			good = append(good, items[i])
		}
	}
	return json.Marshal(good)
}

// lenient is validate for what clients send: the document says in prose that
// numbers and booleans may be quoted, which its schemas leave out for the sake of
// generated clients.
func (c *contract) lenient(place string, text []byte) error {
	err := c.validate(place, text)
	var bad *jsonschema.ValidationError
	if !errors.As(err, &bad) {
		return err
	}
	value, _ := jsonschema.UnmarshalJSON(bytes.NewReader(text)) // validate has read it
	changed := false
	var each func(*jsonschema.ValidationError)
	each = func(e *jsonschema.ValidationError) {
		if k, ok := e.ErrorKind.(*kind.Type); ok && k.Got == "string" && unquote(value, e.InstanceLocation) {
			changed = true
		}
		for _, cause := range e.Causes {
			each(cause)
		}
	}
	each(bad)
	if !changed {
		return err
	}
	text, err = json.Marshal(value)
	if err != nil {
		return err
	}
	return c.validate(place, text)
}

// unquote puts the scalar that a quoted one stands for in its place.
func unquote(value any, location []string) bool {
	for i, part := range location {
		put := func(any) {}
		var next any
		switch v := value.(type) {
		case map[string]any:
			next, put = v[part], func(n any) { v[part] = n }
		case []any:
			at, err := strconv.Atoi(part)
			if err != nil {
				return false
			}
			next, put = v[at], func(n any) { v[at] = n }
		}
		if text, ok := next.(string); ok && i == len(location)-1 {
			scalar, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ToLower(text)))
			if err == nil {
				put(scalar)
			}
			return err == nil
		}
		value = next
	}
	return false
}

// find returns the operation of a path as a place in the document, that with most
// fixed segments if there are several.
func (c *contract) find(path, method string) (place string, item map[string]any) {
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	best := -1
	for template, methods := range c.doc["paths"].(map[string]any) {
		want := strings.Split(template[1:], "/")
		fixed := 0
		same := slices.EqualFunc(want, segments, func(w, g string) bool {
			if strings.EqualFold(w, g) {
				fixed++
				return true
			}
			return w[0] == '{'
		})
		op, ok := methods.(map[string]any)[method].(map[string]any)
		if same && ok && fixed > best {
			best = fixed
			place, item = "/paths/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(template)+"/"+method, op
		}
	}
	return place, item
}

// nonsense are values of parameters that conversations send to show that they
// count as none.
var nonsense = map[string]string{"Count": "many", "page": "-1"}

// checkParameters holds those parameters that the document names to their schemas.
func (c *contract) checkParameters(item map[string]any, query string, header http.Header) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{} // sent in a way that no library would
	}
	list, _ := item["parameters"].([]any)
	for _, p := range list {
		ref, ok := p.(map[string]any)["$ref"].(string)
		if !ok {
			continue // in the path, which was found by it
		}
		at := strings.TrimPrefix(ref, "#")
		name := at[strings.LastIndexByte(at, '/')+1:]
		param := c.doc["components"].(map[string]any)["parameters"].(map[string]any)[name].(map[string]any)
		value := values.Get(param["name"].(string))
		if param["in"] == "header" {
			value = header.Get(param["name"].(string))
		}
		if value == "" || nonsense[name] == value {
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if param["schema"].(map[string]any)["type"] == "integer" {
			text = []byte(value)
		}
		if err := c.validate(at+"/schema", text); err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	return nil
}

// validate holds a JSON text to the schema at a place in the document.
func (c *contract) validate(place string, text []byte) error {
	c.mu.Lock()
	schema := c.schemas[place]
	if schema == nil {
		var err error
		if schema, err = c.compiler.Compile(documentURL + "#" + (&url.URL{Fragment: place}).EscapedFragment()); err != nil {
			c.mu.Unlock()
			return err
		}
		c.schemas[place] = schema
	}
	c.mu.Unlock()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	if err != nil {
		return fmt.Errorf("%w: %.200s", err, text)
	}
	var bad *jsonschema.ValidationError
	if err := schema.Validate(value); errors.As(err, &bad) {
		return fmt.Errorf("%w\n%.300s", bad, text)
	} else if err != nil {
		return err
	}
	return nil
}

func cutPrefixFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// TestContractRefuses: what is not as the document says is noticed.
func TestContractRefuses(t *testing.T) {
	a := apptest.New(t, apptest.Options{})
	watch := (&contracts{known: map[string]*contract{}}).watch(a)
	good := func() apptest.Exchange {
		return apptest.Exchange{
			Method: "POST", Target: "/api/v4/accountTypes", Body: []byte(`{"descriptionEN":"a"}`),
			Status: 200, AnswerHeader: http.Header{"Content-Type": {"application/json"}},
			Answer: []byte(`{"Message":"entity created","id":1}`),
		}
	}
	if err := watch(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(x *apptest.Exchange){
		"another member":       func(x *apptest.Exchange) { x.Answer = []byte(`{"Message":"entity created","id":1,"more":1}`) },
		"a missing member":     func(x *apptest.Exchange) { x.Answer = []byte(`{"Message":"entity created"}`) },
		"another type":         func(x *apptest.Exchange) { x.Answer = []byte(`{"Message":"entity created","id":"1"}`) },
		"null":                 func(x *apptest.Exchange) { x.Answer = []byte(`{"Message":"entity created","id":null}`) },
		"no JSON":              func(x *apptest.Exchange) { x.Answer = []byte(`done`) },
		"another content type": func(x *apptest.Exchange) { x.AnswerHeader = http.Header{"Content-Type": {"text/html"}} },
		"an unknown status":    func(x *apptest.Exchange) { x.Status = 201 },
		"an error's answer":    func(x *apptest.Exchange) { x.Status = 400 },
		"an unknown path":      func(x *apptest.Exchange) { x.Target = "/api/v4/nothing" },
		"a body without what is required": func(x *apptest.Exchange) {
			x.Body = []byte(`{"descriptionES":"a"}`)
		},
		"a body of another type": func(x *apptest.Exchange) { x.Body = []byte(`{"descriptionEN":"a","order":"first"}`) },
		"a bad parameter":        func(x *apptest.Exchange) { x.Method, x.Target = "GET", "/api/v4/accountTypes?page=x" },
	} {
		x := good()
		spoil(&x)
		if watch(x) == nil {
			t.Errorf("%s goes unnoticed", name)
		}
	}
}

// TestOpenAPIOverHTTP: who gets which document, and when it is a new one.
func TestOpenAPIOverHTTP(t *testing.T) {
	const field = `{"fieldName":"Z_Fresh","type":"text"}`
	as := func(key, tag string) func(http.Header) {
		return func(h http.Header) {
			h.Set("X-Session-Key", key)
			h.Set("If-None-Match", tag)
		}
	}
	for _, demo := range []bool{false, true} {
		t.Run(fmt.Sprintf("demo=%t", demo), func(t *testing.T) {
			a := apptest.New(t, apptest.Options{Demo: demo})
			before := a.Get(t, sage.DocumentPath, as(a.Token, ""))
			tag := before.Header.Get("ETag")
			if before.Status != http.StatusOK || tag == "" || bytes.Contains(before.Body, []byte("Z_Fresh")) {
				t.Fatalf("%d, ETag %q", before.Status, tag)
			}
			if got := a.Get(t, sage.DocumentPath, as(a.Token, tag)); got.Status != http.StatusNotModified || len(got.Body) > 0 {
				t.Errorf("unchanged: status %d, %d bytes", got.Status, len(got.Body))
			}
			if got := a.Do(t, http.MethodPost, "/api/v4/extrafields/accounts", field); got.Status != http.StatusOK {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			after := a.Get(t, sage.DocumentPath, as(a.Token, tag))
			if after.Status != http.StatusOK || !bytes.Contains(after.Body, []byte("Z_Fresh")) || after.Header.Get("ETag") == tag {
				t.Errorf("with a new field: status %d, ETag %q", after.Status, after.Header.Get("ETag"))
			}
			anybody := a.Get(t, sage.DocumentPath, as("", ""))
			if shown := bytes.Contains(anybody.Body, []byte("Z_Fresh")); anybody.Status != http.StatusOK || shown != demo {
				t.Errorf("without a session: status %d, shows the field: %t", anybody.Status, shown)
			}
			if got := a.Get(t, sage.DocumentPath, as(a.Token+"x", "")); got.Status != http.StatusUnauthorized {
				t.Errorf("with a bad key: status %d", got.Status)
			}
			if got := a.Do(t, http.MethodPost, sage.DocumentPath, "{}"); got.Status != http.StatusMethodNotAllowed {
				t.Errorf("POST: status %d", got.Status)
			}
			a.Clock.Advance(25 * time.Hour)
			if got := a.Get(t, sage.DocumentPath, as(a.Token, "")); got.Status != http.StatusUnauthorized {
				t.Errorf("with an expired key: status %d", got.Status)
			}
		})
	}
}
