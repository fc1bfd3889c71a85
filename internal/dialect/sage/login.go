package sage

import (
	"net"
	"net/http"

	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// login exchanges a key pair for a session token. Every earlier token of the key
// stays good: the vendor's own connector logs in for every call [OFFICIAL].
func (d *Dialect) login(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return fault.New(fault.NotOffered, "the method %s is not offered here", r.Method)
	}
	in := d.request(r)
	defer in.release()
	body, err := in.readMembers(w, maxLoginBody)
	if err != nil {
		return err
	}
	username, err := body.text("username")
	if err != nil {
		return err
	}
	password, err := body.text("password")
	if err != nil {
		return err
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	token, err := d.auth.Login(r.Context(), Name, username, password, address)
	if err != nil {
		return err
	}
	respond(w, http.StatusOK, append(resource.AppendText([]byte(`{"token":`), token), '}'))
	return nil
}
