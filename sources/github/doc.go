// Package github lists what an organisation of GitHub, or of a GitHub Enterprise Server, holds: its repositories and the container
// images of its packages.
//
// It asks for lists and never for content: what is listed is fetched by git and by the registry's own protocol elsewhere. It never
// writes anything there, and no token leaves it in an error, a log line or a stored answer.
package github
