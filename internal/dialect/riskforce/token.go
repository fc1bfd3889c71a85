package riskforce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

// maxForm is the length of the longest form of a token request, in bytes.
const maxForm = 16 << 10

// granted is the answer to a token request: all of them strings, in the order of the
// reference [R]. There is no refresh token with a password [R].
type granted struct {
	AccessToken string `json:"access_token"` // "<organization, 15 characters>!<session>"
	InstanceURL string `json:"instance_url"` // where the uploads go to: this server
	ID          string `json:"id"`           // ends in /<organization>/<user>, which jsforce takes apart [R]
	TokenType   string `json:"token_type"`
	IssuedAt    string `json:"issued_at"` // milliseconds since 1970, as the samples have it; the words say seconds [R]

	// Base64 of the HMAC-SHA256 of id and issued_at, joined, under the client_secret [R].
	Signature string `json:"signature"`
}

// token serves the username-password flow of OAuth 2.0.
func (d *Dialect) token(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return oauthError{"invalid_request", "must use HTTP POST"} // [K]
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	if form.Get("grant_type") != "password" {
		return oauthError{"unsupported_grant_type", "grant type not supported"} // [K], also for none
	}
	for _, name := range []string{"client_id", "client_secret", "username", "password"} {
		if form.Get(name) == "" {
			return oauthError{"invalid_request", "missing required parameter: " + name}
		}
	}
	secret := form.Get("client_secret")
	ctx := r.Context()
	ses, err := d.cfg.Auth.Verify(ctx, Name, form.Get("client_id"), map[string]string{
		"client_secret": secret, "password": form.Get("password"),
	}, form.Get("username"), dialect.RemoteHost(r))
	if err != nil {
		return err
	}
	now, err := d.cfg.Now(ctx, ses.Workspace)
	if err != nil {
		return err
	}
	life := d.cfg.TokenLife
	if life == 0 {
		life = forever
	}
	token, err := d.cfg.Auth.Issue(ctx, ses, nil, life)
	if err != nil {
		return err
	}
	org := organization(ses.Workspace)
	g := granted{
		AccessToken: org[:shortID] + "!" + token,
		InstanceURL: d.cfg.PublicURL,
		ID:          d.cfg.PublicURL + "/id/" + org + "/" + user(ses.UserID),
		TokenType:   "Bearer",
		IssuedAt:    strconv.FormatInt(now.UnixMilli(), 10),
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(g.ID + g.IssuedAt))
	g.Signature = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	w.Header().Set("Cache-Control", "no-store")
	sendJSON(w, http.StatusOK, g)
	return nil
}

// revoke ends the session whose id a form or the query has as token, for good, and no
// other session of the client [OFFICIAL]. Nobody has to say who asks: who has the id
// could use it as well.
func (d *Dialect) revoke(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost && r.Method != http.MethodGet { // [OFFICIAL both]
		return oauthError{"invalid_request", "must use HTTP POST or GET"}
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	id := form.Get("token")
	if !strings.Contains(id, "!") { // none, or none of ours
		return oauthError{"unsupported_token_type", "this token type is not supported"} // [R issue 213]
	}
	ctx := r.Context()
	ses, token, err := d.sessionOf(ctx, id)
	var unknown *apexError
	if errors.As(err, &unknown) {
		return errInvalidToken()
	}
	if err != nil {
		return err
	}
	dialect.Actor(r, Name, ses) // for the log
	if err := d.cfg.Auth.Revoke(ctx, token); err != nil {
		if fault.KindOf(err) == fault.Unauthorized { // was ended meanwhile
			err = errInvalidToken()
		}
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h["Content-Length"] = []string{"0"}
	w.WriteHeader(http.StatusOK)
	return nil
}

// readForm reads the parameters of a request for a token or with one: those of a form,
// and those in the query, where a good many clients of Salesforce put them [K]. None may
// come twice [RFC 6749].
func readForm(r *http.Request) (url.Values, error) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, oauthError{"invalid_request", "the query is malformed"}
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/x-www-form-urlencoded" || err != nil && kind == "" {
		sent, err := intake.ReadForm(r, maxForm)
		if err != nil {
			return nil, err
		}
		for name, values := range sent {
			form[name] = append(form[name], values...)
		}
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, oauthError{"invalid_request", "a parameter comes twice: " + name}
		}
	}
	// A client may name itself in the header instead, as Spring Security and Go's oauth2
	// do [RFC 6749; K that Salesforce takes it].
	if id, secret, ok := dialect.ClientAuth(r); ok && !form.Has("client_id") && !form.Has("client_secret") {
		form.Set("client_id", id)
		form.Set("client_secret", secret)
	}
	return form, nil
}

// oauthErrors says what a login was refused for, by the member that was wrong [R; the
// texts K]. A user who cannot log in any more has all of them right.
var oauthErrors = map[string]oauthError{
	"client_id":     {"invalid_client_id", "client identifier invalid"},
	"client_secret": {"invalid_client", "invalid client credentials"},
	"username":      {"invalid_grant", "authentication failure"},
	"password":      {"invalid_grant", "authentication failure"},
	"":              {"inactive_user", "user is inactive"},
}

// oauthOf is the error and its status for what went wrong with a login.
func oauthOf(err error) (int, oauthError) {
	switch fault.KindOf(err) {
	case fault.Unauthorized:
		return http.StatusBadRequest, oauthErrors[fault.FieldOf(err)]
	case fault.RateLimited:
		return http.StatusBadRequest, oauthError{"rate_limit_exceeded", "login rate exceeded"}
	case fault.Invalid, fault.TooLarge, fault.Timeout, fault.Unsupported:
		return http.StatusBadRequest, oauthError{"invalid_request", fault.Message(err)}
	case fault.Unavailable:
		return http.StatusServiceUnavailable, oauthError{"temporarily_unavailable", "try again later"}
	default:
		return http.StatusInternalServerError, oauthError{"server_error", "internal error"}
	}
}
