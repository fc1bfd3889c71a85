package scalepoint

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/dialect"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/intake"
)

const (
	// maxForm is the length of the longest form of a token request, in bytes.
	maxForm = 32 << 10

	maxTarget = 255 // bytes

	grantClient    = "client_credentials"                                            // [R]
	grantResource  = "urn:scalepoint:params:oauth:grant-type:resource-scoped-access" // [R]
	assertionByJWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"        // [R]
)

// granted is the answer to a token request [R; the order is IdentityServer's, K].
type granted struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds, positive: the Java client throws without [R]
	TokenType   string `json:"token_type"`
	Scope       string `json:"scope"`
}

// oauthError is an error of the token endpoint: status 400 and an object [R].
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e oauthError) Error() string { return e.Code + ": " + e.Description }

// token serves the grants of OAuth 2.0.
func (d *Dialect) token(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return oauthError{"invalid_request", "send a POST"}
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	grant := form.Get("grant_type")
	if grant != grantClient && grant != grantResource {
		return oauthError{"unsupported_grant_type", "grant_type has to be " + grantClient + " or " + grantResource}
	}
	target := form.Get("target")
	switch {
	case grant == grantClient:
		target = ""
	case target == "" || len(target) > maxTarget:
		return oauthError{"invalid_request", "target has to name what the token is for, in 1 to " + strconv.Itoa(maxTarget) + " bytes"}
	}
	ses, err := d.authenticate(r, form)
	if err != nil {
		return err
	}
	scopes, err := scopesOf(form.Get("scope"), ses.Grant.Scopes)
	if err != nil {
		return err
	}
	ses.Target = target
	token, err := d.cfg.Auth.Issue(r.Context(), ses, scopes, d.cfg.TokenLife)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	sendJSON(w, http.StatusOK, granted{token, int64(d.cfg.TokenLife.Seconds()), "Bearer", strings.Join(scopes, " ")})
	return nil
}

// scopesOf are those that a token request asks for: all that the client has when it
// does not say [K IdentityServer].
func scopesOf(asked string, have []string) ([]string, error) {
	if len(have) == 0 {
		return nil, oauthError{"invalid_scope", "the client has no scopes"}
	}
	var scopes []string
	for scope := range strings.FieldsSeq(asked) {
		if !slices.Contains(have, scope) {
			return nil, oauthError{"invalid_scope", "the client has the scopes " + strings.Join(have, " ")}
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if scopes == nil {
		scopes = have
	}
	return scopes, nil
}

// authenticate finds out which client it is: by an assertion that it signed, or by its
// secret, in the form [R] or as HTTP Basic authentication [RFC 6749].
func (d *Dialect) authenticate(r *http.Request, form url.Values) (auth.Session, error) {
	ctx := r.Context()
	id, secret, basic := dialect.ClientAuth(r)
	if basic {
		if form.Has("client_secret") || form.Has("client_assertion") {
			return auth.Session{}, oauthError{"invalid_request", "use one way of client authentication"}
		}
	} else {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if !form.Has("client_assertion") && !form.Has("client_assertion_type") {
		if id == "" || secret == "" {
			return auth.Session{}, oauthError{"invalid_client", "send client_id with client_secret, or a client_assertion"}
		}
		return d.cfg.Auth.Verify(ctx, Name, id, map[string]string{"client_secret": secret}, "", dialect.RemoteHost(r))
	}
	switch {
	case form.Has("client_secret"):
		return auth.Session{}, oauthError{"invalid_request", "use one way of client authentication"}
	case form.Get("client_assertion_type") != assertionByJWT:
		return auth.Session{}, oauthError{"invalid_client", "client_assertion_type has to be " + assertionByJWT}
	}
	ses, err := d.cfg.Auth.VerifyAssertion(ctx, Name, form.Get("client_assertion"), append([]string{d.cfg.PublicURL + TokenPath}, d.cfg.Audiences...))
	if err == nil && id != "" && id != ses.Credential { // the libraries send none [R]
		err = oauthError{"invalid_client", "client_id is not who signed the client_assertion"}
	}
	return ses, err
}

// readForm reads the parameters of a token request. None may come twice [RFC 6749].
func readForm(r *http.Request) (url.Values, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return nil, oauthError{"invalid_request", "the Content-Type has to be application/x-www-form-urlencoded"}
	}
	form, err := intake.ReadForm(r, maxForm)
	if err != nil {
		return nil, err
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, oauthError{"invalid_request", "a parameter comes twice: " + strconv.QuoteToASCII(name)}
		}
	}
	return form, nil
}

// refuseToken answers with the error of the token endpoint: always 400 [R], but when it
// is not the client's fault.
func (d *Dialect) refuseToken(w http.ResponseWriter, r *http.Request, err error) {
	err = d.note(r, err)
	var known oauthError
	status := http.StatusBadRequest
	if !errors.As(err, &known) {
		status, known = oauthOf(err)
	}
	dialect.RetryAfter(w, err)
	dialect.Drain(r, maxForm)
	w.Header().Set("Cache-Control", "no-store")
	sendJSON(w, status, known)
}

// oauthOf is the error and its status for what went wrong.
func oauthOf(err error) (int, oauthError) {
	switch fault.KindOf(err) {
	case fault.Unauthorized:
		if fault.FieldOf(err) == "client_assertion" {
			return http.StatusBadRequest, oauthError{"invalid_client", "client_assertion " + fault.Message(err)}
		}
		return http.StatusBadRequest, oauthError{"invalid_client", "the client is not known, or its secret is wrong"}
	case fault.RateLimited:
		return http.StatusTooManyRequests, oauthError{"temporarily_unavailable", "there were too many bad tries; wait for Retry-After"}
	case fault.Invalid, fault.TooLarge, fault.Timeout, fault.Unsupported:
		return http.StatusBadRequest, oauthError{"invalid_request", fault.Message(err)}
	case fault.Unavailable:
		return http.StatusServiceUnavailable, oauthError{"temporarily_unavailable", "try again later"}
	default:
		return http.StatusInternalServerError, oauthError{"server_error", "internal error"}
	}
}
