// Package program finds the programs that tests run beside the module: in PATH, or where `make deps` puts them, which is below
// sprawl/ in the user's cache folder (python/bin, bin, prism/node_modules). It runs servers for the length of a test, on loopback.
// It installs nothing.
package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Find returns the path of the first of names that is there. Where none is, the test is skipped with the name, and fails with
// SPRAWL_REQUIRE=1.
func Find(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
		places := []string{"/usr/bin"} // a PATH without the system's folders is common in CI
		for _, dir := range []string{"python/bin", "bin", "prism/node_modules/.bin"} {
			places = append(places, filepath.Join(cache(t), filepath.FromSlash(dir)))
		}
		for _, dir := range places {
			if p := filepath.Join(dir, name); executable(p) {
				return p
			}
		}
	}
	Missing(t, names[0])
	return ""
}

// Missing ends the test for want of something: a skip, or a failure with SPRAWL_REQUIRE=1.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SPRAWL_REQUIRE") == "1" {
		t.Fatalf("no %s, and SPRAWL_REQUIRE=1 asks for it: make deps", what)
	}
	t.Skipf("no %s: make deps installs it", what)
}

func cache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "sprawl")
}

func executable(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode()&0o111 != 0
}
