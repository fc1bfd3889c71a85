package auth

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/dossier-crm/dossier/internal/cache"
	"github.com/dossier-crm/dossier/internal/fault"
)

// After the free tries every further bad login doubles the pause before the next
// one, up to maxPause. A pause refuses without looking at the password, so it
// does not grow while it lasts, and one bad login is forgiven every forgiveAfter.
const (
	firstPause   = time.Second
	maxPause     = 30 * time.Second
	forgiveAfter = 30 * time.Second
)

// Bad logins are counted three times. By name and address together: the usual
// guesser, and the badly configured client, hold up nobody else. By address: who
// tries many names. By name: who guesses one password from many places. The last
// two leave those alone who logged in well from the same address before, so that
// neither an office behind one address nor a name under attack is locked out.
// A single address cannot reach the limit by name: its own pauses let one try
// through per forgiveAfter.
const (
	freeByPair    = 5
	freeByAddress = 20
	freeByName    = 50
)

// maxCounted bounds each of the tables; one entry is about 100 bytes. Addresses
// have a table of their own, so that made-up names do not push them out.
const maxCounted = 1 << 14

// failures remembers bad logins for as long as they matter.
type failures struct {
	seed    maphash.Seed
	pairs   *cache.Recent[uint64, *tally]
	hosts   *cache.Recent[uint64, *tally]
	names   *cache.Recent[uint64, *tally]
	trusted *cache.Recent[uint64, struct{}] // pairs that logged in well
}

func newFailures() *failures {
	return &failures{
		seed:    maphash.MakeSeed(),
		pairs:   cache.NewRecent[uint64, *tally](maxCounted),
		hosts:   cache.NewRecent[uint64, *tally](maxCounted),
		names:   cache.NewRecent[uint64, *tally](maxCounted),
		trusted: cache.NewRecent[uint64, struct{}](maxCounted),
	}
}

// attempt is one login about to be tried.
type attempt struct {
	*failures
	host             string
	pair, addr, name uint64 // hashes under a secret seed: no collisions to be had
}

func (f *failures) attempt(dialect, username, remoteAddr string) *attempt {
	a := &attempt{failures: f, host: hostOf(remoteAddr)}
	type named struct{ dialect, name, host string }
	name := foldLogin(username)
	a.pair = maphash.Comparable(f.seed, named{dialect, name, a.host})
	a.name = maphash.Comparable(f.seed, named{dialect, name, ""})
	a.addr = maphash.Comparable(f.seed, named{"", "", a.host})
	return a
}

// allowed returns fault.RateLimited during a pause.
func (a *attempt) allowed(now time.Time) error {
	wait := pause(a.pairs, a.pair, now)
	if _, ok := a.trusted.Get(a.pair); !ok {
		wait = max(wait, pause(a.hosts, a.addr, now), pause(a.names, a.name, now))
	}
	if wait > 0 {
		return tooMany("too many bad logins", wait)
	}
	return nil
}

func (a *attempt) failed(now time.Time) {
	newTally := func() *tally { return new(tally) }
	a.pairs.GetOrPut(a.pair, newTally).add(now, freeByPair)
	a.hosts.GetOrPut(a.addr, newTally).add(now, freeByAddress)
	a.names.GetOrPut(a.name, newTally).add(now, freeByName)
}

// succeeded forgives the pair. Name and address are forgiven by time alone: a
// good login of one's own must not buy more guesses at others.
func (a *attempt) succeeded() {
	a.pairs.Delete(a.pair)
	a.trusted.Put(a.pair, struct{}{})
}

// tally counts bad logins of one kind.
type tally struct {
	mu    sync.Mutex
	count int
	last  time.Time // of the last one
	until time.Time // end of the pause
}

func pause(table *cache.Recent[uint64, *tally], k uint64, now time.Time) time.Duration {
	t, ok := table.Get(k)
	if !ok {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until.Sub(now)
}

func (t *tally) add(now time.Time, free int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.count > 0 {
		t.count = max(0, t.count-int(now.Sub(t.last)/forgiveAfter))
	}
	t.count++
	t.last = now
	if over := t.count - free; over > 0 {
		wait := maxPause
		if over <= 5 { // beyond, the doubling passes maxPause
			wait = min(firstPause<<(over-1), maxPause)
		}
		t.until = now.Add(wait)
	}
}

// hostOf returns the part of an address that a client cannot change at will: the
// IPv4 address, the /64 of an IPv6 one, or the text as it is.
func hostOf(remoteAddr string) string {
	ip, err := netip.ParseAddr(remoteAddr)
	if err != nil {
		ap, err := netip.ParseAddrPort(remoteAddr)
		if err != nil {
			return remoteAddr
		}
		ip = ap.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// backoff is the cause inside a fault.RateLimited of this package.
type backoff struct{ wait time.Duration }

func (b *backoff) Error() string { return fmt.Sprintf("may try again in %v", b.wait) }

func tooMany(what string, wait time.Duration) error {
	wait = (wait + time.Second - 1).Truncate(time.Second)
	return fault.New(fault.RateLimited, "%s, try again in %d s", what, wait/time.Second).Because(&backoff{wait})
}
