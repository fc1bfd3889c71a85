package riskforce

import (
	"crypto/sha256"
	"encoding/binary"
)

// shortID is the length of a Salesforce id that tells letter case apart. In its long
// form three more characters follow, which say which letters are capitals [R].
const shortID = 15

// Beginnings of ids, by what they are of [R].
const (
	organizationID = "00D"
	userID         = "005"
)

const (
	digits   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345" // the last characters, by bits
)

// organization is the id of a workspace, the same for ever.
func organization(workspace string) string {
	sum := sha256.Sum256([]byte("organization " + workspace))
	return longID(organizationID, binary.BigEndian.Uint64(sum[:]))
}

// user is the id of a user.
func user(id int64) string { return longID(userID, uint64(id)) } //nolint:gosec // ids are positive

// longID writes a number as a Salesforce id of 18 characters.
func longID(prefix string, n uint64) string {
	id := make([]byte, shortID, shortID+3)
	copy(id, prefix)
	for i := shortID - 1; i >= len(prefix); i-- {
		id[i] = digits[n%uint64(len(digits))]
		n /= uint64(len(digits))
	}
	for i := 0; i < shortID; i += 5 {
		bits := 0
		for k, c := range id[i : i+5] {
			if c >= 'A' && c <= 'Z' {
				bits |= 1 << k
			}
		}
		id = append(id, capitals[bits])
	}
	return string(id)
}
