// Package seed fills workspaces: with what every new one starts with (Base), with
// an invented company to look at (Demo), and with any amount of plausible records
// (Generate). Everybody and everything in it is made up, and the same seed makes
// the same records.
package seed

import (
	"context"
	"time"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/resource"
)

// Target is the store of one workspace that nobody uses yet.
type Target interface {
	crm.Loader
	List(ctx context.Context, q crm.Query, p *crm.Page) error
}

// What there is for every account, besides its contacts in contactsEach,
// activities in activitiesEach and everything else in make.
const (
	contactsEach   = 3
	activitiesEach = 5
)

const (
	// LongTimeline is how many accounts the dates of a data set are laid out for
	// when Options do not say.
	LongTimeline = 1 << 20

	// Years that the accounts of a full time line were created in.
	years = 8

	// chunk is how many accounts are made between two flushes.
	chunk = 256

	userCount    = 24
	productCount = 160
)

// Options say what Generate makes.
type Options struct {
	Accounts int       // how many; the rest is in proportion
	Seed     uint64    // another seed makes other records
	Now      time.Time // the time that the data set is of; only plans lie after it

	// Timeline is the number of accounts after which their dates of creation
	// reach Now; 0 means LongTimeline. Data sets that differ in nothing but
	// Accounts agree in the records of the accounts they share. A Timeline equal
	// to Accounts makes the youngest account as young as can be.
	Timeline int

	// AccountsOnly leaves out what belongs to accounts: contacts, activities and
	// so on. Users, branches and products are there.
	AccountsOnly bool
}

// Summary says what was made.
type Summary struct {
	Records  int64 // of all resources
	Accounts int64
	Admin    int64 // id of an active user with level 5
	First    int64 // id of the first account; the others follow without a gap
}

// Generate adds users, branches, products, campaigns and accounts, and to each account,
// on average, 3 contacts, 1.5 opportunities, 5 activities, 0.5 orders with 1 to 6
// lines, 0.5 calendar entries, 0.5 e-mails, 0.25 addresses and 0.25 sales. Three of a hundred
// records are deleted, a third was never updated, and optional fields are often
// null.
//
// The workspace needs what Base gives; records that are in it stay. It returns
// fault.Invalid for options out of range and fault.Conflict for a workspace
// without the value lists that the records refer to. After an error, part of the
// records may be there.
func Generate(ctx context.Context, t Target, cat *resource.Catalog, opt Options) (sum Summary, err error) {
	defer fault.Wrap(&err, "seed.Generate(%d)", opt.Accounts)
	if opt.Accounts < 0 || opt.Timeline < 0 {
		return sum, fault.New(fault.Invalid, "the number of accounts must not be negative")
	}
	if opt.Now.Year() < 1970+years+1 {
		return sum, fault.New(fault.Invalid, "the data set needs a date after %d", 1970+years)
	}
	if opt.Timeline == 0 {
		opt.Timeline = LongTimeline
	}
	w, err := newWorld(ctx, t, cat, opt)
	if err != nil {
		return sum, err
	}
	err = t.BulkLoad(ctx, func(insert func(*resource.Resource, ...*resource.Record) error) error {
		w.makeCompany()
		if err := w.flush(insert); err != nil {
			return err
		}
		for first := 0; first < opt.Accounts; first += chunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			for i := first; i < min(first+chunk, opt.Accounts); i++ {
				w.makeCustomer(uint64(i))
			}
			if err := w.flush(insert); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return sum, err
	}
	return w.summary(), nil
}
