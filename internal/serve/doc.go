// Package serve answers a browser on loopback with what a store holds: credentials, runs, what changed between them.
//
// It only reads. It never answers without its token, never off loopback, never a page of another site, and has no secret to show.
// Pages work without a script, ask nothing of the network, and are made of the parts of the HTML report. Text from scanned
// repositories is hostile: it passes report.Visible, and html/template escapes it; the policy of the pages allows no inline style
// or script besides.
package serve
