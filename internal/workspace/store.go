package workspace

import (
	"context"
	"time"
)

// Info is what the system database knows about one workspace.
type Info struct {
	Name    string // unique among those that are there
	Created time.Time
	Clock   Setting

	// Location names the workspace's data: a file, a schema. It is never used
	// a second time, not even after its data are gone, so that a process which
	// still has the old data open cannot be mistaken about them. It has at most
	// 48 characters out of a-z, 0-9, "-" and "_".
	Location string
}

// Setting says how a workspace's clock differs from the machine's. The zero
// Setting does not.
type Setting struct {
	Frozen time.Time     // when not zero, the clock stands still here
	Offset time.Duration // otherwise added to the machine's time; whole milliseconds
}

// Directory finds workspaces in the system database.
type Directory interface {
	// Workspace returns the workspace of this name. It returns fault.NotFound
	// when there is none.
	Workspace(ctx context.Context, name string) (Info, error)

	// Workspaces returns all workspaces in the order of their names.
	Workspaces(ctx context.Context) ([]Info, error)

	// SetClock changes a workspace's clock. It returns fault.NotFound when
	// there is none of this name.
	SetClock(ctx context.Context, name string, s Setting) error
}

// Locations follows data from their making to their removal. Data are retired
// before and after they belong to a workspace that can be found, so that whatever
// a crash leaves behind can be found and dropped.
type Locations interface {
	// Reserve records a workspace that is about to be made, as retired at that
	// time. It returns fault.Conflict when the location is, or was, in use.
	Reserve(ctx context.Context, info Info, at time.Time) error

	// Publish makes a reserved location the one of its workspace, and returns
	// the location that was it before, now retired, or "". Unless replace is set
	// it returns fault.Conflict when there is a workspace of this name; with
	// replace, fault.NotFound when there is none.
	Publish(ctx context.Context, location string, replace bool, at time.Time) (old string, err error)

	// Retire makes a workspace one that cannot be found, together with its
	// credentials, and returns its location. It returns fault.NotFound when
	// there is none.
	Retire(ctx context.Context, name string, at time.Time) (location string, err error)

	// Retired returns the locations that were retired before t and whose data
	// may still be there, in no particular order.
	Retired(ctx context.Context, t time.Time) ([]string, error)

	// Dropped records that the data of a retired location are gone.
	Dropped(ctx context.Context, location string, at time.Time) error
}

// Store is the part of the system database that is about workspaces.
type Store interface {
	Directory
	Locations
}
