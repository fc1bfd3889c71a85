package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// Headers of a delivery. The first three are those of Standard Webhooks, the others
// are ours.
const (
	HeaderID        = "Webhook-Id"         // of the delivery, the same in every attempt
	HeaderTimestamp = "Webhook-Timestamp"  // of the attempt: seconds since 1970, by the machine's clock
	HeaderSignature = "Webhook-Signature"  // "v1," and Signature
	HeaderHook      = "X-Dossier-Hook"     // id of the hook
	HeaderName      = "X-Dossier-Name"     // name of the hook, without what headers cannot carry
	HeaderEvent     = "X-Dossier-Event"    // entity and action: "account.insert"
	HeaderSequence  = "X-Dossier-Sequence" // number of the change in GET /changes: greater is later
)

// Signature returns the signature of a delivery as Standard Webhooks defines it:
// base64 of HMAC-SHA256 over id.timestamp.body. The key is the text of the hook's
// secret, its 36 bytes as they are; where a library wants a secret of that standard,
// it is "whsec_" and the base64 of this text.
func Signature(secret, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// deliveryID names a delivery like no other of any hook, and tells nothing.
func deliveryID(h *Declared, sequence int64) string {
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write([]byte("delivery " + strconv.FormatInt(sequence, 10)))
	return "msg_" + hex.EncodeToString(mac.Sum(nil)[:16])
}

// answer is what an attempt came to.
type answer struct {
	status  int           // 0 = there was none
	failure string        // "" = it was answered well, with any 2xx
	asked   time.Duration // how long the receiver asks to be left alone, at most maxAsked
}

// send makes one attempt.
func (s *Service) send(ctx context.Context, h *Declared, d *Delivery, record []byte) answer {
	select {
	case s.cfg.Sending <- struct{}{}:
		defer func() { <-s.cfg.Sending }()
	case <-ctx.Done():
		return answer{failure: "the server stops"}
	}
	body := append(append([]byte{'['}, record...), ']')
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return answer{failure: "the URL cannot be used"}
	}
	id, timestamp := deliveryID(h, d.Sequence), strconv.FormatInt(s.cfg.Machine().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type":  "application/json",
		"User-Agent":    "Dossier",
		HeaderID:        id,
		HeaderTimestamp: timestamp,
		HeaderSignature: "v1," + Signature(h.Secret, id, timestamp, body),
		HeaderHook:      strconv.FormatInt(h.ID, 10),
		HeaderName:      printable(h.Name),
		HeaderEvent:     h.Entity + "." + h.Action,
		HeaderSequence:  strconv.FormatInt(d.Sequence, 10),
	} {
		req.Header.Set(name, value)
	}
	res, err := s.cfg.Client.Do(req)
	if err != nil {
		return answer{failure: s.explain(ctx, h, err)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // what it says does not matter
	if res.StatusCode >= 200 && res.StatusCode <= 299 {
		return answer{status: res.StatusCode}
	}
	return answer{
		status: res.StatusCode, failure: "the receiver answered with status " + strconv.Itoa(res.StatusCode),
		asked: retryAfter(res.Header.Get("Retry-After"), s.cfg.Machine()),
	}
}

// retryAfter is the wait that a header Retry-After asks for: a number of seconds or a
// date (RFC 9110, 10.2.3), at most maxAsked. It is 0 when it says neither.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header != "" && strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseUint(header, 10, 32)
		if err != nil { // more than fit
			return maxAsked
		}
		return min(time.Duration(seconds)*time.Second, maxAsked)
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxAsked)
}

// explain says in words for the hook's maker why a request failed; the log has the
// rest.
func (s *Service) explain(ctx context.Context, h *Declared, err error) string {
	s.cfg.Logger.DebugContext(ctx, "a webhook request failed", "hook", h.ID, "error", err)
	var timeout interface{ Timeout() bool }
	var lookup *net.DNSError
	switch {
	case fault.KindOf(err) == fault.Invalid:
		return fault.Message(err)
	case errors.As(err, &lookup):
		return "the name of the host could not be looked up"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "the receiver did not answer within " + Timeout.String()
	default:
		return "the connection failed"
	}
}

// printable is text as a header can carry it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, text)
}
