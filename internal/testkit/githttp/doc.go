// Package githttp serves the bare repositories below one folder over smart HTTP, by git http-backend behind net/http/cgi, on
// loopback. Repositories are named by their path below the folder ("acme/payments.git"), protocol versions 0 to 2 are spoken, a
// credential may be asked for, every request is counted, and faults are switched on and off while it runs.
//
// It is for tests: a Server ends with its test, or by Close where there is none. A Backend is the same without a listener, for
// another server to mount. It never writes to a repository: pushes are refused.
package githttp
