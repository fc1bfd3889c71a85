package wolkvox

import (
	"sync"
	"time"
)

// usage counts the calls of tokens, in this process and since it began: several
// processes each allow what the limits say. Only tokens that are valid are counted, so
// that there are never more entries than credentials were made. They stay when their
// day is over: it ends in each workspace by a clock of its own. The zero value is ready.
type usage struct {
	mu sync.Mutex
	by map[string]*count
}

// count is what one token has used.
type count struct {
	day     int64 // the last one with a call, in days since 1970
	calls   int   // in that day
	running int
}

// turn is one call of a token.
type turn struct {
	calls  int           // of the token in this day, this one among them
	toNext time.Duration // until the next day begins
}

const day = 24 * time.Hour

// enter counts a call, unless it is one too many of a day or at once. It has to be
// followed by leave when it returns no error. What it refuses does not count.
func (u *usage) enter(token string, now time.Time, daily, simultaneous int) (turn, error) {
	today := now.Unix() / int64(day/time.Second)
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.by[token]
	if c == nil {
		if u.by == nil {
			u.by = map[string]*count{}
		}
		c = &count{}
		u.by[token] = c
	}
	if c.day != today {
		c.day, c.calls = today, 0
	}
	switch {
	case c.calls >= daily:
		return turn{}, errDaily()
	case c.running >= simultaneous:
		return turn{}, errSimultaneous(simultaneous)
	}
	c.calls++
	c.running++
	return turn{calls: c.calls, toNext: time.Unix((today+1)*int64(day/time.Second), 0).Sub(now)}, nil
}

// leave says that a call has ended.
func (u *usage) leave(token string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.by[token].running--
}

// information is the data of tokenInformation, spelled as it is [R].
type information struct {
	Description string `json:"description"`
	Limit       int    `json:"token_limit"`
	Used        int    `json:"token_use_today"`
	Left        int    `json:"available_consumition_options"`
	Hours       int    `json:"hours_to_restart_count"`
}

// tokenInformation says what the token has used today, this call included. Its code is
// a text [R].
func (c *call) tokenInformation() (*answer, error) {
	a := done("1 records were are found", information{
		Description: c.ses.Credential,
		Limit:       c.cfg.Daily,
		Used:        c.turn.calls,
		Left:        c.cfg.Daily - c.turn.calls,
		Hours:       int((c.turn.toNext + time.Hour - 1) / time.Hour),
	})
	a.Code = "200"
	return a, nil
}
