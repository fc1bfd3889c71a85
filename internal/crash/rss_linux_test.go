package crash_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"
)

// memory returns how much of the process is in memory, in bytes: now, and at
// most so far. ok is false where the system does not tell.
func (p *process) memory(t *testing.T) (now, peak int64, ok bool) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		_, _ = fmt.Sscanf(string(line), "VmRSS: %d kB", &now)
		_, _ = fmt.Sscanf(string(line), "VmHWM: %d kB", &peak)
	}
	return now << 10, peak << 10, now > 0 && peak > 0
}
