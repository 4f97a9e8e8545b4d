// Package notify tells one webhook what a run has changed for the worse: credentials that are new, that are open again, and those
// that are worse than they were.
//
// New makes a Message of what the store holds, which is masked already; Send posts it as JSON, signed if there is a key for it. A
// Message holds no secret. The address of a webhook is one itself where whoever knows it may post
// (https://api.slack.com/messaging/webhooks): no error and no log shows more of it than the host.
// Nothing that the receiver answers is kept or shown.
package notify
