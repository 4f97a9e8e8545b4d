// Package forge is an organisation of GitHub on loopback: its lists by a REST interface whose answers GitHub's own description
// allows, its repositories by smart HTTP through package githttp, and a switch for each way in which all that fails. Generate makes
// the repositories, as many as are wanted, and says which credential stands where in them.
//
// It is for tests, and, without a testing.T, for long runs beside them. It listens on loopback alone and reaches nothing.
package forge
