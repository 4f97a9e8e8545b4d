// Package forge is an organisation on loopback: a REST interface like GitHub's, its repositories over smart HTTP, its images in a
// registry. For tests.
package forge
