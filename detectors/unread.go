package detectors

import (
	"slices"
	"strings"
)

// unread are kinds with a row of their own for whose traits nobody has read their provider's pages. The rows of the tables by
// field say so themselves. Whoever reads a page takes its kind from this list and writes down what it says, in pages.
var unread = strings.Fields(`
	filezilla-password group-policy-password junos-type-9-secret rclone-obscured-password vnc-password winscp-password
`)

// markUnread says of the listed rows that they are unread.
func markUnread(all []Detector) {
	for i := range all {
		if slices.Contains(unread, all[i].ID) {
			all[i].Unread = true
		}
	}
}
