// Package crm is the record service: every read and every change of records, of
// every dialect, goes through it. It validates, resolves references, stamps the
// audit fields, and declares the Store it needs.
package crm

// Actor is on whose behalf a request runs.
type Actor struct {
	UserID     int64  // record of the users resource; stamps salesRepIdCreated and the like
	Level      int    // 1 (least) to 5 (administrator)
	Language   int    // index into resource.Languages; -1 = not set
	Dialect    string // through which the request came
	Credential string // public id of the credential, for the log
}
