package seed

import (
	"hash/fnv"
	"math"
	"math/bits"
	"math/rand/v2"
	"time"
)

// random makes choices from one stream of pseudo-random numbers.
type random struct{ *rand.PCG }

// n returns a number in [0, n).
func (r random) n(n int) int {
	hi, _ := bits.Mul64(r.Uint64(), uint64(n))
	return int(hi)
}

// between returns a number in [from, to].
func (r random) between(from, to int) int { return from + r.n(to-from+1) }

// chance is true in so many of a hundred cases.
func (r random) chance(percent int) bool { return r.n(100) < percent }

// pick returns one of the entries, or the zero value when there are none.
func pick[T any](r *random, list []T) (v T) {
	if len(list) == 0 {
		return v
	}
	return list[r.n(len(list))]
}

// pickEarly is pick for lists that begin with what is usual: the first third of
// the entries are chosen more often than the others together.
func pickEarly[T any](r *random, list []T) (v T) {
	if len(list) == 0 {
		return v
	}
	return list[r.n(r.n(len(list))+1)]
}

// weighted returns an index with a probability proportional to its weight.
func (r random) weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	x := r.n(sum)
	for i, w := range weights {
		if x -= w; x < 0 {
			return i
		}
	}
	return 0
}

// mix is a stateless random number: what is decided by it can be asked again for
// any row at any time, without keeping it.
func mix(seed, topic, index uint64) uint64 {
	x := seed ^ topic*0x9e3779b97f4a7c15 + index*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hashName(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// timeline gives dates. All are milliseconds since 1970 UTC.
type timeline struct {
	start, now int64
	accounts   uint64 // after so many the years are used up
}

const (
	msHour   = 60 * 60 * 1000
	msDay    = 24 * msHour
	msMonday = 4 * msDay // 1970-01-05
	msWeek   = 7 * msDay
)

func newTimeline(now time.Time, years, accounts int) timeline {
	return timeline{start: now.AddDate(-years, 0, 0).UnixMilli(), now: now.UnixMilli(), accounts: uint64(accounts)}
}

// account is when account i, counted from 0, was created. It grows with i, at a
// pace that grows like a business does, and does not depend on how many accounts
// there will be.
func (t timeline) account(i uint64) int64 {
	const most = 0.98 // of the years, for the accounts the line is laid out for
	x := float64(i+1) / float64(t.accounts)
	if x <= 1 {
		x = math.Sqrt(math.Sqrt(x)) * most
	} else {
		x = 1 - (1-most)/x
	}
	return t.office(t.start + int64(x*float64(t.now-t.start)))
}

// after is some time between from and now, rather soon after from than late.
func (t timeline) after(from int64, r *random) int64 {
	x := r.Uint64()
	hi, _ := bits.Mul64(x, r.Uint64()) // the product of two is small more often
	return t.later(from, hi)
}

// within is any time between from and now.
func (t timeline) within(from int64, r *random) int64 { return t.later(from, r.Uint64()) }

// later returns the time that is a fraction, in 2^-64, of the way from a time in
// office hours to now.
func (t timeline) later(from int64, fraction uint64) int64 {
	raw := anyHours(from)
	if raw >= t.now {
		return from
	}
	hi, _ := bits.Mul64(uint64(t.now-raw), fraction)
	return max(from, t.office(raw+int64(hi)))
}

// office moves a time to working hours, never beyond now.
func (t timeline) office(ms int64) int64 { return min(officeHours(ms), t.now) }

// officeHours maps the whole week onto its working hours, 08:00 to 18:00 from
// Monday to Friday, so that the order of times stays.
func officeHours(ms int64) int64 {
	week, rest := (ms-msMonday)/msWeek, (ms-msMonday)%msWeek
	day, inDay := rest*5/7/msDay, rest*5/7%msDay
	return msMonday + week*msWeek + day*msDay + 8*msHour + inDay*10/24
}

// anyHours undoes officeHours, but for a few milliseconds of rounding.
func anyHours(ms int64) int64 {
	week, rest := (ms-msMonday)/msWeek, (ms-msMonday)%msWeek
	day, inDay := rest/msDay, rest%msDay-8*msHour
	return msMonday + week*msWeek + (day*msDay+min(max(inDay, 0)*24/10, msDay))*7/5
}
