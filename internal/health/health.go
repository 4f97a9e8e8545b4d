// Package health lets a monitoring system see how a crawl fares: metrics in Prometheus' format, whether the process lives, and
// whether it can work.
//
// Metrics are fed with the events of a crawl, and with what the store and a provider's client say when they are asked. It only
// listens: it asks nobody on the network and changes nothing. What it shows is counts, sizes and times: no target, no host, no
// credential and no text of a scanned repository becomes a label or a value. It answers whoever reaches it, so it listens on
// loopback unless it is told another address.
package health
