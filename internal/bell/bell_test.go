package bell_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dossier-crm/dossier/internal/bell"
)

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := bell.New()
		began := time.Now()
		wait := func(why string, d, took time.Duration, goesOn bool) {
			t.Helper()
			if got := b.Wait(ctx, d); got != goesOn || time.Since(began) != took {
				t.Errorf("%s: Wait = %t after %v, want %t after %v", why, got, time.Since(began), goesOn, took)
			}
			began = time.Now()
		}
		wait("nobody rings", time.Minute, time.Minute, true)
		b.Ring()
		b.Ring()
		wait("it was rung before", time.Minute, 0, true)
		wait("twice counts as once", time.Minute, time.Minute, true)
		time.AfterFunc(time.Hour, b.Ring)
		wait("it is rung meanwhile", 0, time.Hour, true)
		time.AfterFunc(time.Hour, cancel)
		wait("it ends meanwhile", 0, time.Hour, false)
		b.Ring()
		wait("it has ended, whoever rings", time.Minute, 0, false)
	})
}
