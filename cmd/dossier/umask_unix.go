//go:build unix

package main

import "syscall"

// keepPrivate makes every file and folder readable by its owner only, whatever
// the folder they are in allows: the system database has the signing keys.
func keepPrivate() { syscall.Umask(0o077) }
