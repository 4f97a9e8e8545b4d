// Package mirror keeps bare copies of remote repositories below one folder: fetched once, brought up to date from then on, used by
// one process at a time, and dropped, least recently used first, when they exceed a budget of bytes.
//
// It never reads what a repository contains, never runs anything of it, and never writes a credential to disk or to a command line.
package mirror
