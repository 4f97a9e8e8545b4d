// Package serve answers a browser on loopback with what a store holds: credentials, runs, what changed between them.
//
// It only reads. It never answers without its token, never off loopback, and has no secret to show.
package serve
