package main

import (
	"fmt"
	"runtime"
)

// versionCmd is "dossier version".
type versionCmd struct{}

// Run prints the version of the program and what it was built with.
func (versionCmd) Run(p *process) error {
	_, err := fmt.Fprintf(p.stdout, "dossier %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
