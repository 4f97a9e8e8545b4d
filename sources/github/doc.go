// Package github lists what an organisation or user of GitHub, or of a GitHub Enterprise Server, holds: repositories, and the
// container images of packages.
//
// It asks for lists and never for content: what is listed is fetched by git and by the registry's own protocol elsewhere. It never
// writes anything there, and no token leaves it in an error, a log line or a stored answer; it sends its token to one host alone.
//
// All calls go one way: the token is put on (and an App's renewed once where it is refused), limits are waited for or handed back
// as *Limited, broken answers are asked for again, and an answer that is kept is asked for by its ETag, so that what has not changed
// costs nothing of the hourly limit.
package github
