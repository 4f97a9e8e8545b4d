// Package githttp serves repositories over smart HTTP by git http-backend, on loopback. For tests.
package githttp
