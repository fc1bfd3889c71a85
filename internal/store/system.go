package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dossier-crm/dossier/internal/auth"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
	"github.com/dossier-crm/dossier/internal/workspace"
)

// System is the system database: what is known about the workspaces from outside
// of them, and the credentials that lead into them. It implements auth.Store and
// workspace.Store.
type System struct{ db DB }

var (
	_ auth.Store      = (*System)(nil)
	_ workspace.Store = (*System)(nil)
)

// systemMigrations returns the steps that make the system database, each run
// once, in order. Steps are only ever added.
//
// The text is the same on every engine: names are text that is compared byte by
// byte, times are milliseconds since 1970, bytes are hexadecimal text.
func systemMigrations() []string {
	return []string{`
CREATE TABLE workspaces (
	location     text   NOT NULL PRIMARY KEY, -- never used twice, so rows stay
	name         text   NOT NULL,
	created      bigint NOT NULL,
	clock_offset bigint NOT NULL, -- milliseconds
	clock_frozen bigint,
	retired      bigint, -- not null: cannot be found by name
	dropped      bigint  -- not null: the data are gone
);
CREATE UNIQUE INDEX workspaces_name ON workspaces (name) WHERE retired IS NULL;
CREATE INDEX workspaces_retired ON workspaces (retired) WHERE dropped IS NULL;

CREATE TABLE credentials (
	dialect     text   NOT NULL,
	public_id   text   NOT NULL,
	workspace   text   NOT NULL,
	user_id     bigint NOT NULL,
	kind        text   NOT NULL, -- 'secret': secret_hash is HMAC-SHA256
	secret_hash text   NOT NULL,
	created     bigint NOT NULL,
	deleted     bigint, -- not null: cannot be used, and the id is not free
	PRIMARY KEY (dialect, public_id)
);
CREATE INDEX credentials_workspace ON credentials (workspace, created);

CREATE TABLE people (
	login     text   NOT NULL PRIMARY KEY, -- letter case folded
	public_id text   NOT NULL UNIQUE,
	workspace text   NOT NULL,
	user_id   bigint NOT NULL,
	hash      text   NOT NULL, -- argon2id, PHC string
	created   bigint NOT NULL
);
CREATE INDEX people_workspace ON people (workspace, login);

CREATE TABLE secrets (
	name  text NOT NULL PRIMARY KEY,
	value text NOT NULL
);
`, `
CREATE TABLE hooked (
	location text NOT NULL PRIMARY KEY -- of a workspace that has had webhooks
);
`, `
ALTER TABLE credentials ADD COLUMN details text NOT NULL DEFAULT '{}'; -- auth.Details as JSON
`, `
CREATE TABLE proofs (
	id    text   NOT NULL PRIMARY KEY, -- SHA-256 of whose it is and of its own id
	until bigint NOT NULL -- after which nobody takes it, and the row may go
);
CREATE INDEX proofs_until ON proofs (until);
`, `
ALTER TABLE credentials ADD COLUMN revoked bigint NOT NULL DEFAULT 0; -- how many of its tokens, which are in revoked_tokens
CREATE TABLE revoked_tokens (
	dialect   text   NOT NULL,
	public_id text   NOT NULL, -- of the credential
	token     text   NOT NULL, -- the token's own id
	revoked   bigint NOT NULL,
	PRIMARY KEY (dialect, public_id, token)
);
`}
}

// OpenSystem brings the system database in db up to date and returns it. Closing
// db is left to the caller. It fails when the database was made by a later
// version of the program.
func OpenSystem(ctx context.Context, db DB) (_ *System, err error) {
	defer fault.Wrap(&err, "store.OpenSystem")
	steps := systemMigrations()
	version := -1
	err = db.Read(ctx, func(c Conn) error { return readSystemVersion(ctx, c, &version) })
	switch {
	case err != nil && (fault.KindOf(err) != fault.Internal || ctx.Err() != nil):
		return nil, err
	case err != nil, version < len(steps): // most likely there is no table system_version yet
		err = db.Write(ctx, func(c Conn) error { return migrateSystem(ctx, c, db.Flavor(), steps) })
		if err != nil {
			return nil, err
		}
	case version > len(steps):
		return nil, newerSystem(version)
	}
	return &System{db}, nil
}

func readSystemVersion(ctx context.Context, c Conn, version *int) error {
	return c.Query(ctx, "SELECT version FROM system_version", nil, func(r Row) error {
		*version = int(r.Int(0))
		return nil
	})
}

func migrateSystem(ctx context.Context, c Conn, flavor Flavor, steps []string) error {
	if flavor == PostgreSQL {
		// One process at a time, until the transaction ends.
		const lock = "SELECT pg_advisory_xact_lock(hashtext('system ' || current_schema()))::text"
		if err := c.Query(ctx, lock, nil, func(Row) error { return nil }); err != nil {
			return err
		}
	}
	if err := c.Script(ctx, "CREATE TABLE IF NOT EXISTS system_version (version bigint NOT NULL)"); err != nil {
		return err
	}
	version := -1
	if err := readSystemVersion(ctx, c, &version); err != nil {
		return err
	}
	if version > len(steps) {
		return newerSystem(version)
	}
	if version < 0 {
		version = 0
		if _, err := c.Exec(ctx, "INSERT INTO system_version (version) VALUES (0)", nil); err != nil {
			return err
		}
	}
	for ; version < len(steps); version++ {
		if err := c.Script(ctx, steps[version]); err != nil {
			return fmt.Errorf("migration %d: %w", version+1, err)
		}
	}
	_, err := c.Exec(ctx, "UPDATE system_version SET version = $1", []Arg{sysInt(int64(version))})
	return err
}

func newerSystem(version int) error {
	return fmt.Errorf("the system database has version %d, made by a later version of this program", version)
}

// Arguments.

func sysText(s string) Arg       { return Arg{resource.TextValue(s), ColumnText} }
func sysInt(i int64) Arg         { return Arg{resource.IntValue(i), ColumnInteger} }
func sysTime(t time.Time) Arg    { return sysInt(t.UnixMilli()) }
func rowTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// sysTimeOrNull is null for the zero time.
func sysTimeOrNull(t time.Time) Arg {
	if t.IsZero() {
		return Arg{Column: ColumnInteger}
	}
	return sysTime(t)
}

// one runs a query for at most one row. It returns fault.NotFound with the given
// message when there is none.
func (s *System) one(ctx context.Context, missing, sql string, args []Arg, read func(Row) error) error {
	found := false
	err := s.db.Read(ctx, func(c Conn) error {
		found = false
		return c.Query(ctx, sql, args, func(r Row) error {
			found = true
			return read(r)
		})
	})
	if err == nil && !found {
		err = fault.New(fault.NotFound, "%s", missing)
	}
	return err
}

// change runs one statement in a transaction of its own. It returns none when no
// row was changed.
func (s *System) change(ctx context.Context, none error, sql string, args ...Arg) error {
	return s.db.Write(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, sql, args)
		if err == nil && n == 0 {
			err = none
		}
		return err
	})
}

// Credentials.

const (
	noKey    = "there is no such key"
	noPerson = "there is no such person"
)

// keyColumns are the columns of a key that are written with it; readKey wants revoked
// behind them.
const keyColumns = "dialect, public_id, workspace, user_id, secret_hash, created, details"

func readKey(r Row) (k auth.Key, err error) {
	k = auth.Key{
		Dialect: string(r.Bytes(0)),
		Credential: auth.Credential{
			PublicID:  string(r.Bytes(1)),
			Workspace: string(r.Bytes(2)),
			UserID:    r.Int(3),
			Created:   rowTime(r.Int(5)),
		},
		Revoked: r.Int(7),
	}
	if k.Hash, err = hex.DecodeString(string(r.Bytes(4))); err != nil {
		return k, err
	}
	return k, json.Unmarshal(r.Bytes(6), &k.Details)
}

// InsertKey implements auth.Keys.
func (s *System) InsertKey(ctx context.Context, k auth.Key) (err error) {
	defer fault.Wrap(&err, "store.InsertKey")
	details, err := json.Marshal(k.Details)
	if err != nil {
		return err
	}
	return s.change(ctx, fault.New(fault.Conflict, "the key %s exists already", k.PublicID),
		"INSERT INTO credentials ("+keyColumns+", kind) VALUES ($1, $2, $3, $4, $5, $6, $7, 'secret') ON CONFLICT DO NOTHING",
		sysText(k.Dialect), sysText(k.PublicID), sysText(k.Workspace), sysInt(k.UserID),
		sysText(hex.EncodeToString(k.Hash)), sysTime(k.Created), sysText(string(details)))
}

// Key implements auth.Keys.
func (s *System) Key(ctx context.Context, dialect, publicID string) (k auth.Key, err error) {
	defer fault.Wrap(&err, "store.Key")
	err = s.one(ctx, noKey,
		"SELECT "+keyColumns+", revoked FROM credentials WHERE dialect = $1 AND public_id = $2 AND deleted IS NULL",
		[]Arg{sysText(dialect), sysText(publicID)},
		func(r Row) (err error) { k, err = readKey(r); return err })
	return k, err
}

// Keys implements auth.Keys.
func (s *System) Keys(ctx context.Context, workspace string) (keys []auth.Key, err error) {
	defer fault.Wrap(&err, "store.Keys")
	err = s.db.Read(ctx, func(c Conn) error {
		keys = nil
		return c.Query(ctx, "SELECT "+keyColumns+", revoked FROM credentials WHERE workspace = $1 AND deleted IS NULL",
			[]Arg{sysText(workspace)}, func(r Row) error {
				k, err := readKey(r)
				keys = append(keys, k)
				return err
			})
	})
	slices.SortFunc(keys, func(a, b auth.Key) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Dialect, b.Dialect), cmp.Compare(a.PublicID, b.PublicID))
	})
	return keys, err
}

// ChangeKey implements auth.Keys.
func (s *System) ChangeKey(ctx context.Context, dialect, publicID string, change func(*auth.Key) error) (err error) {
	defer fault.Wrap(&err, "store.ChangeKey")
	which := []Arg{sysText(dialect), sysText(publicID)}
	return s.db.Write(ctx, func(c Conn) error {
		// A statement that changes nothing holds the row on every engine.
		n, err := c.Exec(ctx, "UPDATE credentials SET kind = kind WHERE dialect = $1 AND public_id = $2 AND deleted IS NULL", which)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "%s", noKey)
		}
		var k auth.Key
		err = c.Query(ctx, "SELECT "+keyColumns+", revoked FROM credentials WHERE dialect = $1 AND public_id = $2", which,
			func(r Row) (err error) { k, err = readKey(r); return err })
		if err != nil {
			return err
		}
		if err := change(&k); err != nil {
			return err
		}
		details, err := json.Marshal(k.Details)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, "UPDATE credentials SET details = $3 WHERE dialect = $1 AND public_id = $2", append(which, sysText(string(details))))
		return err
	})
}

// DeleteKey implements auth.Keys.
func (s *System) DeleteKey(ctx context.Context, dialect, publicID string, at time.Time) (err error) {
	defer fault.Wrap(&err, "store.DeleteKey")
	return s.db.Write(ctx, func(c Conn) error {
		which := []Arg{sysText(dialect), sysText(publicID)}
		n, err := c.Exec(ctx, "UPDATE credentials SET deleted = $3 WHERE dialect = $1 AND public_id = $2 AND deleted IS NULL", append(which, sysTime(at)))
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.NotFound, "%s", noKey)
		}
		_, err = c.Exec(ctx, "DELETE FROM revoked_tokens WHERE dialect = $1 AND public_id = $2", which)
		return err
	})
}

// RevokeToken implements auth.Revocations.
func (s *System) RevokeToken(ctx context.Context, dialect, publicID, token string, at time.Time) (err error) {
	defer fault.Wrap(&err, "store.RevokeToken")
	return s.db.Write(ctx, func(c Conn) error {
		which := []Arg{sysText(dialect), sysText(publicID)}
		// First, since it holds the row of the key: who deletes it waits, or went before.
		n, err := c.Exec(ctx, "UPDATE credentials SET revoked = revoked + 1 WHERE dialect = $1 AND public_id = $2 AND deleted IS NULL", which)
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.NotFound, "%s", noKey)
		}
		n, err = c.Exec(ctx, "INSERT INTO revoked_tokens (dialect, public_id, token, revoked) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			append(which, sysText(token), sysTime(at)))
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "the token was revoked before")
		}
		return err
	})
}

// TokenRevoked implements auth.Revocations.
func (s *System) TokenRevoked(ctx context.Context, dialect, publicID, token string) (revoked bool, err error) {
	defer fault.Wrap(&err, "store.TokenRevoked")
	err = s.db.Read(ctx, func(c Conn) error {
		revoked = false
		return c.Query(ctx, "SELECT 1 FROM revoked_tokens WHERE dialect = $1 AND public_id = $2 AND token = $3",
			[]Arg{sysText(dialect), sysText(publicID), sysText(token)}, func(Row) error { revoked = true; return nil })
	})
	return revoked, err
}

const personColumns = "login, public_id, workspace, user_id, hash, created"

func readPerson(r Row) auth.Person {
	return auth.Person{
		Login: string(r.Bytes(0)),
		Credential: auth.Credential{
			PublicID:  string(r.Bytes(1)),
			Workspace: string(r.Bytes(2)),
			UserID:    r.Int(3),
			Created:   rowTime(r.Int(5)),
		},
		Hash: string(r.Bytes(4)),
	}
}

// PutPerson implements auth.People.
func (s *System) PutPerson(ctx context.Context, p auth.Person) (err error) {
	defer fault.Wrap(&err, "store.PutPerson")
	return s.change(ctx, fault.New(fault.Conflict, "the login %s belongs to another user", p.Login),
		"INSERT INTO people ("+personColumns+") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (login) DO UPDATE"+
			" SET public_id = excluded.public_id, hash = excluded.hash, created = excluded.created"+
			" WHERE people.workspace = excluded.workspace AND people.user_id = excluded.user_id",
		sysText(p.Login), sysText(p.PublicID), sysText(p.Workspace), sysInt(p.UserID), sysText(p.Hash), sysTime(p.Created))
}

// Person implements auth.People.
func (s *System) Person(ctx context.Context, login string) (p auth.Person, err error) {
	defer fault.Wrap(&err, "store.Person")
	err = s.one(ctx, noPerson, "SELECT "+personColumns+" FROM people WHERE login = $1",
		[]Arg{sysText(login)}, func(r Row) error { p = readPerson(r); return nil })
	return p, err
}

// PersonByID implements auth.People.
func (s *System) PersonByID(ctx context.Context, publicID string) (p auth.Person, err error) {
	defer fault.Wrap(&err, "store.PersonByID")
	err = s.one(ctx, noPerson, "SELECT "+personColumns+" FROM people WHERE public_id = $1",
		[]Arg{sysText(publicID)}, func(r Row) error { p = readPerson(r); return nil })
	return p, err
}

// People implements auth.People.
func (s *System) People(ctx context.Context, workspace string) (people []auth.Person, err error) {
	defer fault.Wrap(&err, "store.People")
	err = s.db.Read(ctx, func(c Conn) error {
		people = nil
		return c.Query(ctx, "SELECT "+personColumns+" FROM people WHERE workspace = $1",
			[]Arg{sysText(workspace)}, func(r Row) error {
				people = append(people, readPerson(r))
				return nil
			})
	})
	slices.SortFunc(people, func(a, b auth.Person) int { return cmp.Compare(a.Login, b.Login) })
	return people, err
}

// DeletePerson implements auth.People.
func (s *System) DeletePerson(ctx context.Context, login string) (err error) {
	defer fault.Wrap(&err, "store.DeletePerson")
	return s.change(ctx, fault.New(fault.NotFound, "%s", noPerson),
		"DELETE FROM people WHERE login = $1", sysText(login))
}

// Secret implements auth.Secrets.
func (s *System) Secret(ctx context.Context, name string, candidate []byte) (secret []byte, err error) {
	defer fault.Wrap(&err, "store.Secret")
	read := func(r Row) (err error) {
		secret, err = hex.DecodeString(string(r.Bytes(0)))
		return err
	}
	const query = "SELECT value FROM secrets WHERE name = $1"
	args := []Arg{sysText(name)}
	if err = s.one(ctx, "", query, args, read); fault.KindOf(err) != fault.NotFound {
		return secret, err
	}
	err = s.db.Write(ctx, func(c Conn) error {
		_, err := c.Exec(ctx, "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
			[]Arg{sysText(name), sysText(hex.EncodeToString(candidate))})
		if err != nil {
			return err
		}
		return c.Query(ctx, query, args, read)
	})
	return secret, err
}

// UseProof implements auth.Proofs.
func (s *System) UseProof(ctx context.Context, id string, now, until time.Time) (err error) {
	defer fault.Wrap(&err, "store.UseProof")
	return s.db.Write(ctx, func(c Conn) error {
		n, err := c.Exec(ctx, "INSERT INTO proofs (id, until) VALUES ($1, $2) ON CONFLICT DO NOTHING", []Arg{sysText(id), sysTime(until)})
		switch {
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.Conflict, "the proof was used before")
		}
		_, err = c.Exec(ctx, "DELETE FROM proofs WHERE until < $1", []Arg{sysTime(now)})
		return err
	})
}

// Workspaces.

const workspaceColumns = "name, location, created, clock_offset, clock_frozen"

func readInfo(r Row) workspace.Info {
	info := workspace.Info{
		Name:     string(r.Bytes(0)),
		Location: string(r.Bytes(1)),
		Created:  rowTime(r.Int(2)),
		Clock:    workspace.Setting{Offset: time.Duration(r.Int(3)) * time.Millisecond},
	}
	if !r.Null(4) {
		info.Clock.Frozen = rowTime(r.Int(4))
	}
	return info
}

func noWorkspace(name string) *fault.Error {
	return fault.New(fault.NotFound, "there is no workspace %q", name)
}

// Workspace implements workspace.Directory.
func (s *System) Workspace(ctx context.Context, name string) (info workspace.Info, err error) {
	defer fault.Wrap(&err, "store.Workspace")
	err = s.one(ctx, noWorkspace(name).Msg,
		"SELECT "+workspaceColumns+" FROM workspaces WHERE name = $1 AND retired IS NULL",
		[]Arg{sysText(name)}, func(r Row) error { info = readInfo(r); return nil })
	return info, err
}

// Workspaces implements workspace.Directory.
func (s *System) Workspaces(ctx context.Context) (all []workspace.Info, err error) {
	defer fault.Wrap(&err, "store.Workspaces")
	err = s.db.Read(ctx, func(c Conn) error {
		all = nil
		return c.Query(ctx, "SELECT "+workspaceColumns+" FROM workspaces WHERE retired IS NULL", nil, func(r Row) error {
			all = append(all, readInfo(r))
			return nil
		})
	})
	slices.SortFunc(all, func(a, b workspace.Info) int { return cmp.Compare(a.Name, b.Name) })
	return all, err
}

// SetClock implements workspace.Directory.
func (s *System) SetClock(ctx context.Context, name string, set workspace.Setting) (err error) {
	defer fault.Wrap(&err, "store.SetClock")
	return s.change(ctx, noWorkspace(name),
		"UPDATE workspaces SET clock_offset = $1, clock_frozen = $2 WHERE name = $3 AND retired IS NULL",
		sysInt(set.Offset.Milliseconds()), sysTimeOrNull(set.Frozen), sysText(name))
}

// Reserve implements workspace.Locations.
func (s *System) Reserve(ctx context.Context, info workspace.Info, at time.Time) (err error) {
	defer fault.Wrap(&err, "store.Reserve")
	return s.change(ctx, fault.New(fault.Conflict, "the location %s was used before", info.Location),
		"INSERT INTO workspaces ("+workspaceColumns+", retired) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
		sysText(info.Name), sysText(info.Location), sysTime(info.Created),
		sysInt(info.Clock.Offset.Milliseconds()), sysTimeOrNull(info.Clock.Frozen), sysTime(at))
}

// Publish implements workspace.Locations.
func (s *System) Publish(ctx context.Context, location string, replace bool, at time.Time) (old string, err error) {
	defer fault.Wrap(&err, "store.Publish")
	err = s.db.Write(ctx, func(c Conn) error {
		var name string
		old = ""
		found := false
		err := c.Query(ctx, "SELECT name FROM workspaces WHERE location = $1 AND retired IS NOT NULL AND dropped IS NULL",
			[]Arg{sysText(location)}, func(r Row) error { name, found = string(r.Bytes(0)), true; return nil })
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "the location %s is not reserved", location)
		}
		// Changing the row first makes others wait for it, so that old is what
		// it replaces.
		if err := s.retire(ctx, c, name, at, &old); err != nil {
			return err
		}
		switch {
		case old != "" && !replace:
			return fault.New(fault.Conflict, "there is a workspace %q already", name)
		case old == "" && replace:
			return noWorkspace(name)
		}
		_, err = c.Exec(ctx, "UPDATE workspaces SET retired = NULL WHERE location = $1", []Arg{sysText(location)})
		return err
	})
	return old, err
}

// retire hides the workspace of this name, if there is one, and tells where it was.
func (s *System) retire(ctx context.Context, c Conn, name string, at time.Time, location *string) error {
	*location = ""
	return c.Query(ctx, "UPDATE workspaces SET retired = $1 WHERE name = $2 AND retired IS NULL RETURNING location",
		[]Arg{sysTime(at), sysText(name)}, func(r Row) error { *location = string(r.Bytes(0)); return nil })
}

// Retire implements workspace.Locations.
func (s *System) Retire(ctx context.Context, name string, at time.Time) (location string, err error) {
	defer fault.Wrap(&err, "store.Retire")
	err = s.db.Write(ctx, func(c Conn) error {
		if err := s.retire(ctx, c, name, at, &location); err != nil {
			return err
		}
		if location == "" {
			return noWorkspace(name)
		}
		_, err := c.Exec(ctx, "UPDATE credentials SET deleted = $1 WHERE workspace = $2 AND deleted IS NULL",
			[]Arg{sysTime(at), sysText(name)})
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, "DELETE FROM people WHERE workspace = $1", []Arg{sysText(name)})
		return err
	})
	return location, err
}

// Retired implements workspace.Locations.
func (s *System) Retired(ctx context.Context, t time.Time) (locations []string, err error) {
	defer fault.Wrap(&err, "store.Retired")
	err = s.db.Read(ctx, func(c Conn) error {
		locations = nil
		return c.Query(ctx, "SELECT location FROM workspaces WHERE retired < $1 AND dropped IS NULL",
			[]Arg{sysTime(t)}, func(r Row) error {
				locations = append(locations, string(r.Bytes(0)))
				return nil
			})
	})
	return locations, err
}

// Dropped implements workspace.Locations.
func (s *System) Dropped(ctx context.Context, location string, at time.Time) (err error) {
	defer fault.Wrap(&err, "store.Dropped")
	return s.change(ctx, fault.New(fault.NotFound, "the location %s is not retired", location),
		"UPDATE workspaces SET dropped = $1 WHERE location = $2 AND retired IS NOT NULL AND dropped IS NULL",
		sysTime(at), sysText(location))
}

// MarkHooked notes that a workspace has webhooks.
func (s *System) MarkHooked(ctx context.Context, location string) (err error) {
	defer fault.Wrap(&err, "store.MarkHooked(%s)", location)
	return s.db.Write(ctx, func(c Conn) error {
		_, err := c.Exec(ctx, "INSERT INTO hooked (location) VALUES ($1) ON CONFLICT DO NOTHING", []Arg{sysText(location)})
		return err
	})
}

// Hooked returns the names of the workspaces that have had webhooks, in order.
func (s *System) Hooked(ctx context.Context) (names []string, err error) {
	defer fault.Wrap(&err, "store.Hooked")
	err = s.db.Read(ctx, func(c Conn) error {
		names = names[:0]
		return c.Query(ctx, "SELECT w.name FROM hooked h JOIN workspaces w ON w.location = h.location WHERE w.retired IS NULL", nil, func(r Row) error {
			names = append(names, string(r.Bytes(0)))
			return nil
		})
	})
	slices.Sort(names)
	return names, err
}
