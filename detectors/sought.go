package detectors

import (
	"slices"
	"strings"
)

// sought are kinds for whose traits pages were looked for, of their providers and of others who manage their keys, and none was
// found that says how a key is made or used (November 2026). Whoever finds one takes the kind from this list and writes down what the
// page says, in pages.
var sought = strings.Fields(`
	allsports-credential bulbul-credential collect2-credential extractor-credential findl-credential formbucket-credential
	getsandbox-credential host-credential kylas-credential parsers-credential prooffull-api-key scrapeowl-credential
	scraperbox-credential technicalanalysis-credential tefter-credential teletype-credential timezone-credential vpn-credential
	websitepulse-credential
`)

// markSought says of the listed rows that they were sought in vain.
func markSought(all []Detector) {
	for i := range all {
		if slices.Contains(sought, all[i].ID) {
			all[i].Sought = true
		}
	}
}
