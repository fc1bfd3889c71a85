// Package app builds Dossier out of its parts. It is the only place that knows
// which database, which storage and which dialects there are.
package app
