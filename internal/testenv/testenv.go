// Package testenv gives tests the services that only some machines have. It is
// the one place where a test may skip itself.
//
//	DOSSIER_TEST_POSTGRES  a postgres:// URL whose user may create schemas
//	DOSSIER_TEST_S3        an s3:// URL of a bucket, as --blobs takes it
//	DOSSIER_TEST_CLAMD     a ClamAV daemon, as --clamd takes it, with the signature
//	                       and the limits that .ci/run gives it
//	DOSSIER_TEST_SMALLDISK a folder on a file system with room for 4 MiB and no more
//	DOSSIER_TEST_REQUIRE   names of services, as in "postgres,s3", whose absence
//	                       fails tests instead of skipping them
package testenv

import (
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Postgres returns the URL of a PostgreSQL server, or skips the test.
func Postgres(t testing.TB) string {
	t.Helper()
	return need(t, "postgres", "DOSSIER_TEST_POSTGRES")
}

// PostgresIfAny is Postgres for tests that are of use without it: when there is
// no server it returns "", and the test goes on.
func PostgresIfAny(t testing.TB) string {
	t.Helper()
	return find(t, "postgres", "DOSSIER_TEST_POSTGRES")
}

// S3 returns the URL of a bucket, or skips the test.
func S3(t testing.TB) string {
	t.Helper()
	return need(t, "s3", "DOSSIER_TEST_S3")
}

// Clamd returns the address of a ClamAV daemon, or skips the test.
func Clamd(t testing.TB) string {
	t.Helper()
	return need(t, "clamd", "DOSSIER_TEST_CLAMD")
}

// SmallDisk returns a folder on a disk that is full after 4 MiB, or skips the test. It
// is for one test at a time.
func SmallDisk(t testing.TB) string {
	t.Helper()
	return need(t, "smalldisk", "DOSSIER_TEST_SMALLDISK")
}

// SecondLoopback returns a loopback address beside 127.0.0.1, or skips the test where
// the system has none unless somebody adds it (Linux has; macOS and the BSDs have not).
func SecondLoopback(t testing.TB) string {
	t.Helper()
	const address = "127.0.0.2"
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	switch {
	case err == nil:
		_ = listener.Close()
	case runtime.GOOS == "linux":
		t.Fatalf("%s, which every Linux has, cannot be listened on: %v", address, err)
	default:
		t.Skipf("needs the loopback address %s: %v", address, err)
	}
	return address
}

func need(t testing.TB, service, variable string) string {
	t.Helper()
	value := find(t, service, variable)
	if value == "" {
		t.Skipf("needs %s", variable)
	}
	return value
}

// find returns the variable's value, "" if it has none and need not have one.
func find(t testing.TB, service, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" && slices.Contains(strings.Split(os.Getenv("DOSSIER_TEST_REQUIRE"), ","), service) {
		t.Fatalf("%s is not set, and DOSSIER_TEST_REQUIRE asks for %s", variable, service)
	}
	return value
}
