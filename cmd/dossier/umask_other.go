//go:build !unix

package main

// keepPrivate does nothing: files take their rights from the folder they are in.
func keepPrivate() {}
