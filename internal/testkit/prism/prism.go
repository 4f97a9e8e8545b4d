// Package prism runs Prism (https://github.com/stoplightio/prism) over a part of a provider's OpenAPI description: it answers with
// the description's examples, and says of each request whether the description allows it. trim.mjs cuts such a part out of GitHub's.
//
// It is for tests, and needs the program, which `make deps` installs.
package prism

import (
	"os"
	"path/filepath"
	"testing"

	"sprawl/internal/testkit/program"
)

// Start serves a description, a file, on loopback until the test ends, and returns the server's address without a slash at its
// end. Where there is no Prism, the test is skipped as program.Find says.
func Start(t testing.TB, description string) string {
	t.Helper()
	description, err := filepath.Abs(description)
	if err != nil {
		t.Fatal(err)
	}
	address, host, port := program.Address(t)
	program.Serve(t, program.Server{
		Exe: program.Find(t, "prism"), Args: []string{"mock", "-h", host, "-p", port, description}, Address: address,
		Env: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "NO_COLOR=1", "SCARF_ANALYTICS=false"},
	})
	return "http://" + address
}
