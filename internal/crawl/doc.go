// Package crawl works through the targets of an organisation, one job each, in one process or in many that share a database: what
// a killed process had in hand is taken up by another, and what a stalled one finishes too late counts for nothing.
//
// It decides who does what and when. It never opens a repository or an image itself, and never sees a secret.
package crawl
