package hook

import (
	"context"
	"time"
)

// State is where a delivery stands.
type State uint8

// The states of deliveries. The numbers are in databases. A delivery that was
// answered well is not kept.
const (
	Ready   State = 0 // is sent when its time has come
	Waiting State = 1 // comes after another one of the same record
	Parked  State = 2 // given up until somebody asks for another try
)

var stateNames = map[State]string{Ready: "pending", Waiting: "pending", Parked: "parked"}

func (s State) String() string { return stateNames[s] }

// Delivery is one change that one hook has to be told of.
type Delivery struct {
	Hook     int64
	Sequence int64  // of the change
	Resource string // canonical name
	Record   int64
	State    State
	Queued   time.Time // since when it is to be delivered
	Next     time.Time // when it is tried next; of a parked one: when it was parked
	First    time.Time // when it was tried first; zero = never
	Attempts int
	Status   int    // of the last answer; 0 = there was none
	Failure  string // why the last attempt failed; may be shown to the hook's maker
}

// Outcome is what became of an attempt to deliver.
type Outcome struct {
	Delivery      // as it is now, unless it is over
	Over     bool // delivered, or nothing to deliver: it is removed
}

// Store keeps deliveries, in the database of the workspace. Times are in whole
// milliseconds, by the clock of the workspace unless said otherwise.
type Store interface {
	Outbox
	Deliveries
}

// Outbox is what is done once for all hooks. Queue, Keep, Expire and, of Deliveries,
// Settle and Park are for the node that holds the outbox: they change nothing and
// return fault.Conflict when it does not, or not any more.
type Outbox interface {
	// Position returns the sequence number up to which the log of changes has been
	// read, 0 when it never was, and the number at which each of the hooks was
	// created, 0 when the log does not know.
	Position(ctx context.Context, hooks []int64) (after int64, born map[int64]int64, err error)

	// Queue adds deliveries, in the order of their sequence, and notes that the log
	// has been read up to after, in one transaction; what was read before stays read.
	// A delivery of a record for
	// which the hook has an unfinished one is Waiting, others are Ready.
	Queue(ctx context.Context, after int64, rows []Delivery) error

	// Keep removes the deliveries of all hooks but these.
	Keep(ctx context.Context, hooks func(id int64) bool) error

	// Expire removes deliveries that were parked at before or earlier, at most limit,
	// and returns their number.
	Expire(ctx context.Context, before time.Time, limit int) (int, error)

	// Hold makes this node the one that delivers, until the time is over by the
	// clock of the database, and reports whether it is. Where one process alone
	// can have the database open it does nothing. No time at all lets go.
	Hold(ctx context.Context, d time.Duration) (bool, error)
}

// Deliveries is what is done for one hook.
type Deliveries interface {
	// Due returns when the next ready delivery is to be tried; ok is false when
	// there is none.
	Due(ctx context.Context, hook int64) (next time.Time, ok bool, err error)

	// Claim returns the first ready deliveries, of different records, whose time has
	// come, or lies after far: then the clock was set back.
	Claim(ctx context.Context, hook int64, now, far time.Time, limit int) ([]Delivery, error)

	// Settle writes what became of deliveries that were claimed. The next one of a
	// record whose delivery is over or parked becomes ready.
	Settle(ctx context.Context, hook int64, outcomes []Outcome) error

	// Park gives up now all deliveries that were queued at before or earlier, for the
	// reason given, and returns their number.
	Park(ctx context.Context, hook int64, before, now time.Time, failure string) (int, error)

	// List returns the first deliveries after a sequence number, parked ones or the
	// others, in their order.
	List(ctx context.Context, hook int64, parked bool, after int64, limit int) ([]Delivery, error)

	// Retry makes a parked delivery as new, or all of them when sequence is 0, and
	// returns their number.
	Retry(ctx context.Context, hook, sequence int64, now time.Time) (int, error)
}
