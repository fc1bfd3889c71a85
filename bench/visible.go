package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/ncruces/go-sqlite3"
)

// viewer is a user who does not see everything by being an administrator.
type viewer struct {
	name  string
	level int
	sees  string // how it is told
	rows  func(scale int) int
	saved saved
	token string
}

// One account in so many belongs to the user who sees little.
const ownedOneIn = 1000

func viewers() []*viewer {
	return []*viewer{
		{name: "few", level: 2, sees: "0.1 %", rows: func(scale int) int { return scale / ownedOneIn }},
		{name: "all", level: 4, sees: "100 %", rows: func(scale int) int { return scale }},
	}
}

// visible measures lists of users against the same lists of the administrator:
// of one who sees one account in a thousand, as their owner, and of one who sees
// all, by level. The slowest of several orders and filters counts.
func (b *bench) visible(ctx context.Context) error {
	const (
		tries = 30
		limit = 1.3
	)
	b.progress("what users see")
	d := b.dossier
	users := viewers()
	if err := errors.Join(d.close(), b.guard(ctx, users)); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	c := newClient(d.addr)
	defer c.close()
	for _, u := range users {
		var err error
		if u.token, err = d.logIn(ctx, c, u.saved); err != nil {
			return fmt.Errorf("user %s: %w", u.name, err)
		}
	}
	type list struct{ where, order string }
	lists := []list{{"", ""}, {"", "dateUpdated"}, {"", "name"}, {"statusId=3", "dateUpdated"}, {"city LIKE 'B%'", "dateUpdated"}}
	for _, u := range users {
		for _, deep := range []bool{false, true} {
			var ratios, took, peers []float64
			worst, what := 0.0, ""
			for _, l := range lists {
				page := func(rows int) string {
					n := 0
					if deep {
						n = rows / pageSize / 2
						if l.where != "" {
							n /= 20 // of what is selected
						}
					}
					return fmt.Sprintf("/accounts?where=%s&order=%s&page=%d", url.QueryEscape(l.where), l.order, n)
				}
				var own, administrator []float64
				for range tries {
					t, err := d.timed(ctx, c, d.get(nil, page(b.opts.scale)))
					if err != nil {
						return err
					}
					administrator = append(administrator, ms(t))
					if t, err = d.timed(ctx, c, d.getAs(u.token, page(u.rows(b.opts.scale)))); err != nil {
						return err
					}
					own = append(own, ms(t))
				}
				mine, theirs := spreadOf(own).median, spreadOf(administrator).median
				took, peers, ratios = append(took, mine), append(peers, theirs), append(ratios, mine/theirs)
				if r := mine / theirs; r > worst {
					worst, what = r, fmt.Sprintf("where=%s order=%s", l.where, l.order)
				}
			}
			job := "list of 50 by who sees " + u.sees + ", first page"
			if deep {
				job = "list of 50 by who sees " + u.sees + ", in the middle"
			}
			b.results.add(row{
				Job: job, Dossier: spreadOf(took).text("%.2f", " ms"),
				Peer:  "administrator " + spreadOf(peers).text("%.2f", " ms") + ", farthest apart: " + what,
				Ratio: spreadOf(ratios).text("%.2f", "×"), Target: "≤ 1.3×", met: verdict(worst <= limit),
			})
		}
	}
	return nil
}

// guard makes the users and has all accounts be theirs or hidden from them, as far
// as that has not been done: an account created since would be public.
func (b *bench) guard(ctx context.Context, users []*viewer) (err error) {
	d := b.dossier
	for _, u := range users {
		note := filepath.Join(b.dir, u.name+".json")
		if ok, err := readSaved(note, &u.saved); err != nil {
			return err
		} else if ok {
			continue
		}
		email := u.name + "@example.com"
		if _, err := d.command(ctx, "user", "create", "--workspace", workspace, "--email", email, "--name", u.name, "--level", strconv.Itoa(u.level)); err != nil {
			return err
		}
		key, err := d.command(ctx, "key", "create", "--workspace", workspace, "--dialect", "sage", "--user", email, "--json")
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(key), &u.saved); err != nil {
			return err
		}
		if err := writeSaved(note, u.saved); err != nil {
			return err
		}
	}
	uri := url.URL{Scheme: "file", Path: d.file(), OmitHost: true}
	db, err := sqlite3.OpenFlags(uri.String(), sqlite3.OPEN_READWRITE|sqlite3.OPEN_URI)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Exec(fmt.Sprintf(`PRAGMA cache_size = -65536; PRAGMA synchronous = OFF;
		UPDATE accounts SET "permissionLevel" = 3, "public" = FALSE WHERE "permissionLevel" IS NOT 3 OR "public";
		UPDATE accounts SET "salesRepId1" = u.id FROM users u WHERE u.email = 'few@example.com' AND accounts.id %% %d = 7 AND "salesRepId1" IS NOT u.id`, ownedOneIn))
}

// logIn returns a token for a key.
func (d *dossier) logIn(ctx context.Context, c *client, as saved) (string, error) {
	body := fmt.Appendf(nil, `{"username":%q,"password":%q}`, as.Username, as.Password)
	head := append(append(d.head(nil, "POST"), "/login HTTP/1.1\r\nHost: "...), d.addr...)
	status, answer, err := c.do(ctx, appendJSON(head, body))
	if err != nil {
		return "", err
	}
	var got struct{ Token string }
	if err := json.Unmarshal(answer, &got); err != nil || status != http.StatusOK {
		return "", fmt.Errorf("login: status %d: %.300s", status, answer)
	}
	return got.Token, nil
}

// getAs is get for the user of a token.
func (d *dossier) getAs(token, path string) []byte {
	return (&dossier{server: d.server, token: token}).get(nil, path)
}
