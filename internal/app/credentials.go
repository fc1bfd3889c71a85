package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// sealFile is the name of the file in the data folder whose contents seal the
// secrets that must be known again. It is beside the database rather than in it, so
// that who reads the one has not got the other.
const sealFile = "credentials.key"

// sealKey reads the key file, and makes it where there is none.
func (a *App) sealKey() (key []byte, err error) {
	defer fault.Wrap(&err, "app.sealKey")
	key, err = os.ReadFile(a.path(sealFile))
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = a.makeSealKey(); err != nil {
			return nil, err
		}
	}
	if err == nil && len(key) != sha256.Size {
		err = errors.New(sealFile + " is damaged; bring it back from a backup")
	}
	return key, err
}

// makeSealKey makes the key file, whole, unless another process was quicker, and
// returns what is in it.
func (a *App) makeSealKey() ([]byte, error) {
	key := make([]byte, sha256.Size+8)
	if _, err := io.ReadFull(a.Random, key); err != nil {
		return nil, err
	}
	draft := a.path(fmt.Sprintf("%s.%x", sealFile, key[sha256.Size:]))
	if err := writeFile(draft, key[:sha256.Size]); err != nil {
		return nil, err
	}
	err := os.Link(draft, a.path(sealFile))
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err = errors.Join(err, os.Remove(draft)); err != nil {
		return nil, err
	}
	return os.ReadFile(a.path(sealFile))
}

// Scopes of Scalepoint's that a key has unless other ones are named [DOC].
const (
	scopeFiles = "platform-service-provider:write"
	scopeCases = "case_integration"
	scopeRead  = "platform-case:read"
)

// CreateCredential makes a key of any dialect for the user with this e-mail address,
// the administrator when it is empty, and returns its members: see
// auth.Service.CreateCredential. What the grant leaves empty follows from the
// workspace and the user; what keys of the dialect do not have is fault.Invalid.
func (a *App) CreateCredential(ctx context.Context, dialect, workspace, email string, grant auth.Grant) (_ []auth.Member, err error) {
	defer fault.Wrap(&err, "app.CreateCredential(%s, %s)", dialect, workspace)
	user, err := a.FindUser(ctx, workspace, email)
	if err != nil {
		return nil, err
	}
	if email == "" {
		if email, err = a.emailOf(ctx, workspace, user); err != nil {
			return nil, err
		}
	}
	own := auth.Grant{}
	switch dialect {
	case "riskforce":
		own.Username = email
	case "scalepoint":
		own.Scopes, own.UserEmail, own.Certificates = grant.Scopes, email, grant.Certificates
		own.InsuranceCompanyAlias = cmp.Or(grant.InsuranceCompanyAlias, workspace)
		if own.Scopes == nil {
			own.Scopes = []string{scopeFiles, scopeCases, scopeRead}
		}
	case "wolkvox":
		own.Operation = cmp.Or(grant.Operation, workspace)
	}
	for _, lost := range []struct {
		flag string
		yes  bool
	}{
		{"scope", grant.Scopes != nil && own.Scopes == nil},
		{"insurance-company-alias", grant.InsuranceCompanyAlias != "" && own.InsuranceCompanyAlias == ""},
		{"certificate", grant.Certificates != nil && own.Certificates == nil},
		{"operation", grant.Operation != "" && own.Operation == ""},
	} {
		if lost.yes {
			return nil, fault.InField(lost.flag, "keys of %s have none", dialect)
		}
	}
	return a.Auth.CreateCredential(ctx, dialect, workspace, user, own)
}

// Grant is what a key is made with, see auth.Grant.
type Grant = auth.Grant

// Dialects are the names of the dialects that there are keys of.
func Dialects() []string { return auth.Dialects() }
