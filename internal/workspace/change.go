package workspace

import (
	"context"
	"io"
	"time"

	"github.com/dossier-crm/dossier/internal/fault"
)

// MaxName is the length of the longest name of a workspace, that of a host name's
// label, so that a workspace can have a host name of its own.
const MaxName = 63

// CheckName returns fault.Invalid unless name can be the name of a workspace:
// 1 to 63 of a-z, 0-9 and "-", not beginning with "-".
func CheckName(name string) error {
	good := len(name) > 0 && len(name) <= MaxName && name[0] != '-'
	for i := range len(name) {
		c := name[i]
		good = good && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !good {
		return fault.InField("name", "must have 1 to %d characters out of a-z, 0-9 and -, and not begin with -", MaxName)
	}
	return nil
}

// List returns all workspaces in the order of their names.
func (m *Manager[T]) List(ctx context.Context) (_ []Info, err error) {
	defer fault.Wrap(&err, "workspace.List")
	return m.cfg.Store.Workspaces(ctx)
}

// Create makes a workspace. It returns fault.Invalid when the name does not do
// and fault.Conflict when it is taken.
func (m *Manager[T]) Create(ctx context.Context, name string) (_ Info, err error) {
	defer fault.Wrap(&err, "workspace.Create(%s)", name)
	return m.build(ctx, name, Setting{}, false, m.fill)
}

// Reset makes a workspace anew, as Create left it, with the machine's clock. Its
// credentials stay. Until the new data are ready the old ones are served. It
// returns fault.NotFound when there is none of this name.
func (m *Manager[T]) Reset(ctx context.Context, name string) (_ Info, err error) {
	defer fault.Wrap(&err, "workspace.Reset(%s)", name)
	return m.build(ctx, name, Setting{}, true, m.fill)
}

// Fork makes a workspace that is the copy of another at one moment, its clock
// included; credentials are not copied. It returns fault.Invalid or
// fault.Conflict as Create does, and fault.NotFound when there is nothing to copy.
func (m *Manager[T]) Fork(ctx context.Context, from, to string) (_ Info, err error) {
	defer fault.Wrap(&err, "workspace.Fork(%s, %s)", from, to)
	value, release, err := m.Acquire(ctx, from)
	if err != nil {
		return Info{}, err
	}
	defer release()
	source, err := m.cfg.Store.Workspace(ctx, from)
	if err != nil {
		return Info{}, err
	}
	return m.build(ctx, to, source.Clock, false, func(ctx context.Context, info Info) error {
		return m.cfg.Copy(ctx, value, info.Location)
	})
}

// Delete removes a workspace with its data and credentials. From now on it cannot
// be found; those who are using it may finish. Its data go as soon as they have.
// It returns fault.NotFound when there is none of this name.
func (m *Manager[T]) Delete(ctx context.Context, name string) (err error) {
	defer fault.Wrap(&err, "workspace.Delete(%s)", name)
	location, err := m.cfg.Store.Retire(ctx, name, m.cfg.Now())
	if err != nil {
		return err
	}
	m.place(name).Forget()
	m.drop(ctx, location)
	return nil
}

// SetClock changes a workspace's clock, here at once and in every other process
// within one second. It returns fault.NotFound when there is none of this name and
// fault.Invalid when the time in it would not be between the years 1970 and 9999,
// beyond which dates cannot be written.
func (m *Manager[T]) SetClock(ctx context.Context, name string, s Setting) (err error) {
	defer fault.Wrap(&err, "workspace.SetClock(%s)", name)
	if CheckName(name) != nil {
		return notFound(name)
	}
	s = s.normal()
	if year := NewClock(m.cfg.Now, s).Now().Year(); year < 1970 || year > 9999 {
		return fault.InField("clock", "must be between the years 1970 and 9999")
	}
	if err := m.cfg.Store.SetClock(ctx, name, s); err != nil {
		return err
	}
	p := m.place(name)
	p.Forget()
	_, err = p.Get(ctx) // which sets the clock
	return err
}

// fill makes the data of a new workspace by opening it.
func (m *Manager[T]) fill(ctx context.Context, info Info) error {
	value, err := m.cfg.Open(ctx, info, NewClock(m.cfg.Now, info.Clock))
	if err != nil {
		return err
	}
	return value.Close()
}

// build makes a workspace whose data fill puts at a new location. Nobody can find
// it before they are complete. With replace it takes the place of the one of its
// name.
func (m *Manager[T]) build(ctx context.Context, name string, clock Setting, replace bool, fill func(context.Context, Info) error) (_ Info, err error) {
	if err := CheckName(name); err != nil {
		if replace {
			return Info{}, notFound(name)
		}
		return Info{}, err
	}
	// Publish decides; this saves the work.
	switch _, err := m.cfg.Store.Workspace(ctx, name); {
	case err == nil && !replace:
		return Info{}, fault.New(fault.Conflict, "there is a workspace %q already", name)
	case err != nil && (replace || fault.KindOf(err) != fault.NotFound):
		return Info{}, err
	}
	info := Info{Name: name, Created: m.cfg.Now().UTC().Truncate(time.Millisecond).Round(0), Clock: clock}
	if err := m.reserve(ctx, &info); err != nil {
		return Info{}, err
	}
	var old string
	if err = fill(ctx, info); err == nil {
		old, err = m.cfg.Store.Publish(ctx, info.Location, replace, m.cfg.Now())
	}
	if err != nil {
		m.drop(ctx, info.Location)
		return Info{}, err
	}
	m.place(name).Forget()
	if old != "" {
		m.drop(ctx, old)
	}
	return info, nil
}

// Locations are named like their workspace, and with this many more random
// characters if that is too long or was used before.
const (
	maxLocation  = 48
	suffixLength = 7
)

// reserve finds a location that was never used.
func (m *Manager[T]) reserve(ctx context.Context, info *Info) error {
	now := m.cfg.Now()
	info.Location = info.Name
	if len(info.Name) <= maxLocation {
		if err := m.cfg.Store.Reserve(ctx, *info, now); fault.KindOf(err) != fault.Conflict {
			return err
		}
	}
	var random [suffixLength]byte
	if _, err := io.ReadFull(m.cfg.Random, random[:]); err != nil {
		return err
	}
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32, without those that look alike
	for i, b := range random {
		random[i] = letters[int(b)%len(letters)]
	}
	info.Location = info.Name[:min(len(info.Name), maxLocation-1-suffixLength)] + "_" + string(random[:])
	return m.cfg.Store.Reserve(ctx, *info, now)
}
