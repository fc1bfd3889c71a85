package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// fileSize is that of the files that are submitted, in bytes.
const fileSize = 100_000_000

// stampSize is how many bytes in front make every file another one; it is divisible by
// 3, so that the rest of the base64 stays as it is.
const stampSize = 15

// sender sends the same file again and again, each time with another beginning.
type sender struct {
	addr         string
	head, before []byte // up to the length, and what of the body stands before the file
	file         []byte // as it is sent, without the stamp
	after        []byte
	encode       bool // the stamp, too, is sent in base64
	status       int  // of the answer
}

func (s *sender) send(ctx context.Context) (time.Duration, error) {
	stamp := make([]byte, stampSize)
	if _, err := rand.Read(stamp); err != nil {
		return 0, err
	}
	if s.encode {
		stamp = base64.StdEncoding.AppendEncode(nil, stamp)
	}
	length := len(s.before) + len(stamp) + len(s.file) + len(s.after)
	head := fmt.Appendf(nil, "%s\r\nContent-Length: %d\r\n\r\n", s.head, length)
	c := newClient(s.addr)
	defer c.close()
	start := time.Now()
	status, body, err := c.do(ctx, head, s.before, stamp, s.file, s.after)
	took := time.Since(start)
	if err != nil || status != s.status {
		return 0, fmt.Errorf("status %d: %.300s (%v)", status, body, err)
	}
	return took, nil
}

// submissions measures a file of 100 MB in base64 in JSON through the whole server:
// credential, case, contents, record, all of it durable. The peer is PocketBase with the
// same file as multipart, which it neither hashes nor syncs.
func (b *bench) submissions(ctx context.Context) error {
	const (
		turns    = 5
		atOnce   = 8
		maxOne   = 16 << 20
		maxEight = 64 << 20
	)
	// Both have just started, so that memory left over from other jobs does not hide
	// what this one takes.
	if err := errors.Join(b.dossier.close(), b.dossier.open(ctx)); err != nil {
		return err
	}
	if b.pocket.server != nil {
		b.pocket.end()
		b.pocket.server = nil
	}
	if err := b.pocket.open(ctx, b); err != nil {
		return err
	}
	b.progress("submit")
	content := make([]byte, fileSize-stampSize)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	ours, err := b.dossier.submission(ctx, content)
	if err != nil {
		return err
	}
	theirs, err := b.pocket.form(ctx, content)
	if err != nil {
		return err
	}
	peers := []struct {
		*sender
		*process
	}{{ours, b.dossier.process}, {theirs, b.pocket.process}}
	speeds, grown := make([][]float64, len(peers)), make([]float64, len(peers))
	var disk []float64
	for turn := range turns + 1 { // the speed of the first does not count
		took, err := b.write(content)
		if err != nil {
			return err
		}
		if turn > 0 {
			disk = append(disk, float64(len(content))/1e6/took.Seconds())
		}
		for i, p := range peers {
			var took time.Duration
			more, err := b.growth(p.process, func() (err error) {
				took, err = p.send(ctx)
				return err
			})
			if err != nil {
				return err
			}
			grown[i] = max(grown[i], more)
			if turn > 0 {
				speeds[i] = append(speeds[i], fileSize/1e6/took.Seconds())
			}
		}
	}
	eight, err := b.growth(b.dossier.process, func() error {
		var group sync.WaitGroup
		failures := make([]error, atOnce)
		for i := range failures {
			group.Go(func() { _, failures[i] = ours.send(ctx) })
		}
		group.Wait()
		return errors.Join(failures...)
	})
	if err != nil {
		return err
	}

	ratios := make([]float64, turns)
	for k := range ratios {
		ratios[k] = speeds[0][k] / speeds[1][k]
	}
	r := spreadOf(ratios)
	const job = "100 MB as base64 in JSON through the server, durable, c=1"
	b.results.Uploads = append(b.results.Uploads, upload{"dossier, JSON", speeds[0], grown[0]}, upload{"pocketbase, multipart", speeds[1], grown[1]})
	b.results.add(row{
		Job: job, Dossier: spreadOf(speeds[0]).text("%.0f", " MB/s"), Peer: "PocketBase, multipart " + spreadOf(speeds[1]).text("%.0f", " MB/s"),
		Ratio: r.text("%.2f", "×"), Target: "≥ 3.00×", met: verdict(r.median >= 3),
	})
	b.results.add(row{
		Job: "the disk meanwhile: 100 MB written and synced by a plain program", Dossier: "–",
		Peer: spreadOf(disk).text("%.0f", " MB/s"), Target: "–",
	})
	b.results.add(row{
		Job: "memory that this takes beyond that before", Dossier: fmt.Sprintf("%.1f MiB", grown[0]),
		Peer: fmt.Sprintf("PocketBase %.1f MiB", grown[1]), Target: "≤ 16 MiB", met: verdict(grown[0] <= maxOne>>20),
	})
	b.results.add(row{
		Job: "memory that eight of these at once take", Dossier: fmt.Sprintf("%.1f MiB", eight),
		Target: "≤ 64 MiB", met: verdict(eight <= maxEight>>20),
	})
	return nil
}

// write writes a new file and syncs it to the disk. It returns how long that took: no
// server that keeps a file can be quicker, and the disks of some machines are several
// times slower where nothing was written before. The file stays until the end, so that
// the next one has no use for its place.
func (b *bench) write(content []byte) (took time.Duration, err error) {
	unix.Sync()
	f, err := os.CreateTemp(b.dir, "disk-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	start := time.Now()
	if _, err := f.Write(content); err != nil {
		return 0, err
	}
	err = f.Sync()
	return time.Since(start), err
}

// growth returns by how many MiB a process was larger, at most, while fn ran than before.
func (b *bench) growth(p *process, fn func() error) (float64, error) {
	unix.Sync() // what others have still to write would fall on this one
	before, err := p.memory("VmRSS")
	if err != nil {
		return 0, err
	}
	if p == b.dossier.process {
		if err := b.dossier.notePeak(); err != nil {
			return 0, err
		}
	}
	if err := p.resetPeak(); err != nil {
		return 0, err
	}
	if err := fn(); err != nil {
		return 0, err
	}
	peak, err := p.memory("VmHWM")
	return float64(peak-before) / (1 << 20), err
}

// submission makes a case and what sends files to it, by the scalepoint dialect.
func (d *dossier) submission(ctx context.Context, content []byte) (*sender, error) {
	text, err := d.command(ctx, "key", "create", "--workspace", workspace, "--dialect", "scalepoint", "--user", "bench@example.com", "--json")
	if err != nil {
		return nil, err
	}
	var key struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
		Scope        string `json:"scope"`
		Security     string `json:"securityToken"`
		Alias        string `json:"insuranceCompanyAlias"`
		Email        string `json:"userEmail"`
	}
	if err := json.Unmarshal([]byte(text), &key); err != nil {
		return nil, err
	}
	c := newClient(d.addr)
	defer c.close()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {key.ClientID}, "client_secret": {key.ClientSecret}, "scope": {key.Scope}}.Encode()
	status, body, err := c.do(ctx, fmt.Appendf(nil, "POST /connect/token HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		d.addr, len(form), form))
	var grant struct {
		Token string `json:"access_token"`
	}
	if err := errors.Join(err, json.Unmarshal(body, &grant)); err != nil || grant.Token == "" {
		return nil, fmt.Errorf("a token: status %d: %.300s (%w)", status, body, err)
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	guid := fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	status, body, err = c.do(ctx, d.post(nil, "/cases", fmt.Appendf(nil, `{"typeId":1,"statusId":1,"guid":%q}`, guid)))
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("a case: status %d: %.300s (%v)", status, body, err)
	}
	return &sender{
		addr: d.addr, status: http.StatusOK, encode: true,
		head: fmt.Appendf(nil, "POST /ecx/host/api/integration/v1/file/submitForCase HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json", d.addr, grant.Token),
		before: fmt.Appendf(nil, `{"securityToken":%q,"payload":{"id":%q,"insuranceCompanyAlias":%q,"userEmail":%q,"files":[{"fileName":"bench.dat","contentType":"application/octet-stream","content":"`,
			key.Security, guid, key.Alias, key.Email),
		file:  base64.StdEncoding.AppendEncode(nil, content),
		after: []byte(`"}]}}`),
	}, nil
}

// form makes a collection with a field for files, unless it is there, and what sends
// files to it.
func (p *pocketbase) form(ctx context.Context, content []byte) (*sender, error) {
	c := newClient(p.addr)
	defer c.close()
	status, body, err := c.do(ctx, p.post(nil, "/collections",
		fmt.Appendf(nil, `{"name":"files","type":"base","fields":[{"name":"file","type":"file","maxSelect":1,"maxSize":%d}]}`, 2*fileSize)))
	if err == nil && status != http.StatusOK {
		status, body, err = c.do(ctx, p.get(nil, "/collections/files"))
	}
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("a collection: status %d: %.300s (%v)", status, body, err)
	}
	const boundary = "bench-boundary"
	return &sender{
		addr: p.addr, status: http.StatusOK,
		head:   append(p.headers([]byte("POST /api/collections/files/records")), "\r\nContent-Type: multipart/form-data; boundary="+boundary...),
		before: []byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"bench.dat\"\r\nContent-Type: application/octet-stream\r\n\r\n"),
		file:   content,
		after:  []byte("\r\n--" + boundary + "--\r\n"),
	}, nil
}
