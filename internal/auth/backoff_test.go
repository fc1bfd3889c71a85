package auth_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
)

// try logs in with a wrong secret and returns the pause it is told, if any.
func (w *world) try(t *testing.T, username, address string) time.Duration {
	t.Helper()
	_, err := w.Login(t.Context(), "sage", username, "wrong", address)
	switch fault.KindOf(err) {
	case fault.Unauthorized:
		return 0
	case fault.RateLimited:
		wait, ok := auth.RetryAfter(err)
		if !ok || wait <= 0 {
			t.Fatalf("rate limited without a time: %v", err)
		}
		return wait
	}
	t.Fatalf("login with a wrong secret: %v", err)
	return 0
}

// The pauses that one guesser meets, for a name that exists and one that does not.
func TestBackoffPauses(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	for _, name := range []string{k.PublicID, "dsr_pub_unknown"} {
		for i := range 6 {
			if wait := w.try(t, name, "192.0.2.7:1"); wait != 0 {
				t.Fatalf("%s: try %d has to wait %v", name, i, wait)
			}
		}
		for _, seconds := range []int{1, 2, 4, 8, 16, 30, 30, 30} {
			want := time.Duration(seconds) * time.Second
			if wait := w.try(t, name, "192.0.2.7:2"); wait != want {
				t.Errorf("%s: pause is %v, want %v", name, wait, want)
			}
			w.machine.advance(want - time.Millisecond)
			if wait := w.try(t, name, "192.0.2.7:3"); wait != time.Second {
				t.Errorf("%s: pause is %v a millisecond before its end, want the rest rounded up", name, wait)
			}
			w.machine.advance(time.Millisecond)
			if wait := w.try(t, name, "192.0.2.7:4"); wait != 0 {
				t.Errorf("%s: after the pause another of %v", name, wait)
			}
		}
		w.machine.advance(time.Hour)
	}
}

// A pause holds up a good secret from the same place, but no other place.
func TestBackoffIsLocal(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	for w.try(t, k.PublicID, "192.0.2.7:1") == 0 {
	}
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.7:2"); fault.KindOf(err) != fault.RateLimited {
		t.Errorf("good secret during the pause: %v", err)
	}
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.8:1"); err != nil {
		t.Errorf("good secret from another address: %v", err)
	}
	other := w.key(t, "sage", 52)
	if _, err := w.Login(t.Context(), "sage", other.PublicID, other.Secret, "192.0.2.7:3"); err != nil {
		t.Errorf("another key from the same address: %v", err)
	}
	w.machine.advance(time.Second)
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.7:4"); err != nil {
		t.Errorf("good secret after the pause: %v", err)
	}
	for i := range 6 { // a good login starts afresh
		if wait := w.try(t, k.PublicID, "192.0.2.7:1"); wait != 0 {
			t.Errorf("try %d after a good login has to wait %v", i, wait)
		}
	}
}

// Many names from one address: strangers there have to wait, those who logged in
// from there before do not.
func TestBackoffByAddress(t *testing.T) {
	w := newWorld(t)
	known, fresh := w.key(t, "sage", 51), w.key(t, "sage", 51)
	if _, err := w.Login(t.Context(), "sage", known.PublicID, known.Secret, "[2001:db8::1]:1"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; w.try(t, fmt.Sprint("name", n), fmt.Sprintf("[2001:db8::%x]:1", n)) == 0; n++ { // one /64, many hosts
		if n > 1000 {
			t.Fatal("never has to wait")
		}
	}
	if n != 21 {
		t.Errorf("the first pause comes after %d bad logins, want 21", n)
	}
	if _, err := w.Login(t.Context(), "sage", fresh.PublicID, fresh.Secret, "[2001:db8::9]:2"); fault.KindOf(err) != fault.RateLimited {
		t.Errorf("stranger during the pause: %v", err)
	}
	if _, err := w.Login(t.Context(), "sage", known.PublicID, known.Secret, "[2001:db8::1]:2"); err != nil {
		t.Errorf("who was here before: %v", err)
	}
	if _, err := w.Login(t.Context(), "sage", fresh.PublicID, fresh.Secret, "[2001:db8:0:1::1]:2"); err != nil {
		t.Errorf("next network: %v", err)
	}
	w.machine.advance(time.Second)
	if _, err := w.Login(t.Context(), "sage", fresh.PublicID, fresh.Secret, "[2001:db8::9]:3"); err != nil {
		t.Errorf("stranger after the pause: %v", err)
	}
}

// One name from many addresses: no pause exceeds 30 s, and whoever logged in
// well before does not notice.
func TestBackoffByName(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.1:1"); err != nil {
		t.Fatal(err)
	}
	n, longest := 0, time.Duration(0)
	for i := range 4000 {
		wait := w.try(t, k.PublicID, fmt.Sprintf("10.0.%d.%d", i/256, i%256))
		if wait == 0 {
			n++
		}
		longest = max(longest, wait)
		w.machine.advance(100 * time.Millisecond)
	}
	if n < 50 || n > 80 {
		t.Errorf("%d guesses in 400 s, want the free 50 and few more", n)
	}
	if longest != 30*time.Second {
		t.Errorf("longest pause is %v, want 30s", longest)
	}
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.1:2"); err != nil {
		t.Errorf("from the usual address: %v", err)
	}
	w.machine.advance(30 * time.Second)
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "203.0.113.1:2"); err != nil {
		t.Errorf("from a new address after the pause: %v", err)
	}
}

// One address cannot lock a name for others, however long it keeps trying.
func TestBackoffOneAttacker(t *testing.T) {
	w := newWorld(t)
	k := w.key(t, "sage", 51)
	for range 24 * 60 {
		for range 60 {
			w.try(t, k.PublicID, "192.0.2.66")
			w.machine.advance(time.Second)
		}
	}
	if _, err := w.Login(t.Context(), "sage", k.PublicID, k.Secret, "192.0.2.1"); err != nil {
		t.Errorf("from elsewhere after a day of attacks: %v", err)
	}
}

// Time forgives.
func TestBackoffForgives(t *testing.T) {
	w := newWorld(t)
	for range 100 {
		for range 5 {
			if wait := w.try(t, "typo", "192.0.2.1"); wait != 0 {
				t.Fatalf("five typos in 150 s have to wait %v", wait)
			}
		}
		w.machine.advance(150 * time.Second)
	}
}
