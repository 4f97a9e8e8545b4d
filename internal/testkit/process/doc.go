// Package process runs a program as processes of their own, follows what they log line by line, and ends, stops or asks them at a chosen
// line. Every process it starts ends with the test, by its own number.
//
// It is for tests, on systems with signals.
package process
