package pipeline

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzShell checks the reading of shell alone: it never fails, and its positions lie inside.
func FuzzShell(f *testing.F) {
	for _, s := range []string{"echo $A", "a 'b' \"c $D\" | e > f", "cat <<X\n$A\nX\n", "x=$(curl -H \"$T\" y)", "a && b || c; d & e", "cmd <<< \"$A\"", "`x`", "$env:A %B%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := parseScript(s)
		for _, c := range p.commands {
			for _, w := range c.words {
				if w.start < 0 || w.end < w.start || w.end > len(s) {
					t.Fatalf("%+v of %d", w, len(s))
				}
			}
		}
		for _, v := range variables(s) {
			_ = p.printed(v.at, true)
			_ = p.printed(v.at, false)
		}
	})
}

// What counts as printed and what does not.
func TestPrinted(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`echo $T`, "printed by echo"},
		{`echo "a $T b"`, "printed by echo"},
		{`echo '$T'`, ""},
		{`echo $T | docker login --password-stdin`, ""},
		{`echo "$T" > key.pem`, ""},
		{`echo "T=$T" >> $GITHUB_ENV`, ""},
		{`echo "::add-mask::$T"`, ""},
		{`printf '%s' "$T"`, "printed by printf"},
		{`docker login -u x -p $T`, "an argument of docker"},
		{`curl -H "Authorization: Bearer ${T}" https://x`, "an argument of curl"},
		{`x=$(curl -u a:$T y)`, "an argument of curl"},
		{`export A=$T`, ""},
		{`A=$T make`, ""},
		{`if [ -z "$T" ]; then exit 1; fi`, ""},
		{`test -n "$T" && sudo deploy --key $T`, "an argument of deploy"},
		{"cat <<EOF > f\n$T\nEOF\nmake", ""},
		{`gh auth login --with-token <<< $T`, ""},
		{`# echo $T`, ""},
		{"deploy \\\n  --token $T", "an argument of deploy"},
		{`sh -c "deploy $T" 2>&1`, "an argument of sh"},
		{`/usr/bin/curl $T`, "an argument of curl"},
	} {
		p := parseScript(c.script)
		got := ""
		for _, v := range variables(c.script) {
			if v.name == "T" && got == "" {
				got = p.printed(v.at, true)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
}

// What a script gives a value itself is no secret of the project's from there on.
func TestAssigned(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`TOKEN=x`, "TOKEN"},
		{`export TOKEN=$(fetch --key a)`, "TOKEN"},
		{"A=1 TOKEN=`fetch`", "TOKEN"},
		{`TOKEN=${TOKEN:-none}`, ""},
		{`TOKEN="$TOKEN"`, ""},
		{`TOKEN=x make`, ""},
		{`read -r TOKEN`, "TOKEN"},
		{`for TOKEN in a b; do echo $TOKEN; done`, "TOKEN"},
		{`declare -r TOKEN=x; local DB_PASSWORD=y`, "DB_PASSWORD TOKEN"},
		{`make TOKEN=x`, ""},
		{`echo "TOKEN=x" >> $GITHUB_ENV`, ""},
		{`if [ -z "$TOKEN" ]; then TOKEN=$(fetch); fi`, ""},
	} {
		got := slices.Sorted(maps.Keys(parseScript(c.script).assigned(c.script)))
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
}
