package crm

import (
	"context"

	"github.com/dossier-crm/dossier/internal/resource"
)

// user is the rule of users: to disable one ends all sessions for good, so that who
// is let in again has to log in again. They are counted rather than dated: the clock
// of a workspace can be set back, and tokens know whole seconds only. Deleted users
// never come back.
func user(_ context.Context, _ *Service, e *edit) error {
	if e.old != nil && e.changes("isActive") && e.value("isActive").I == 0 {
		*e.value("sessionsEnded") = resource.IntValue(e.value("sessionsEnded").I + 1)
	}
	return nil
}
