package layers

import (
	"flag"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

const (
	module = "sprawl"
	root   = "../.."
	// anything, as an entry of a row, allows every package of the module but testkit.
	anything = "*"
)

// row says which packages of the module the files of pkg, tests aside, may import. why is for whoever meets the rule first.
type row struct {
	pkg, why string
	may      []string
}

// table is the import table of ARCHITECTURE.md. A package without a row fails the test: decide where it stands, then write it
// down here, in ARCHITECTURE.md and in .golangci.yml: go test ./internal/layers -update does the latter two.
var table = []row{
	{pkg: "finding", why: "the vocabulary rests on the standard library alone"},
	{pkg: "detectors", why: "a kind knows bytes, never places or engines",
		may: []string{"finding"}},
	{pkg: "sources", why: "a source hands out blobs and knows nothing of what is looked for",
		may: []string{"finding"}},
	{pkg: "sources/files", why: "a source hands out blobs and knows nothing of what is looked for",
		may: []string{"finding", "sources"}},
	{pkg: "sources/git", why: "a source hands out blobs and knows nothing of what is looked for",
		may: []string{"finding", "sources", "internal/gitexec", "internal/history", "internal/pack"}},
	{pkg: "sources/image", why: "a source hands out blobs and knows nothing of what is looked for",
		may: []string{"finding", "sources", "internal/unpack"}},
	{pkg: "sources/ci", why: "a source hands out blobs and knows nothing of what is looked for",
		may: []string{"finding", "sources"}},
	{pkg: "sources/github", why: "a list of targets is made without opening any",
		may: []string{"finding"}},
	{pkg: "inventory", why: "an export is read without knowing what was found",
		may: []string{"finding"}},
	{pkg: "docs/conditions", why: "pages and nothing else"},
	{pkg: "report", why: "a format sees findings only, never a value or an engine",
		may: []string{"finding"}},
	{pkg: "internal/compare", why: "another scanner's report is read by its form alone"},
	{pkg: "internal/conformance", why: "a table of kinds is held against the engine",
		may: []string{"detectors", "finding", "internal/match", "internal/vectors"}},
	{pkg: "internal/correlate", why: "who a credential is, is decided without sources and matchers",
		may: []string{"detectors", "finding", "internal/environ", "internal/identity", "internal/owners", "internal/risk"}},
	{pkg: "internal/crawl", why: "who scans what and when is decided without knowing how",
		may: []string{"finding", "internal/store"}},
	{pkg: "internal/decode", why: "bytes in, bytes out",
		may: []string{"finding"}},
	{pkg: "internal/environ", why: "names and paths in, environments out",
		may: []string{"finding"}},
	{pkg: "internal/gitexec", why: "the one place that runs a program depends on nothing that could be talked into running another"},
	{pkg: "internal/health", why: "how a process fares is told from the crawl's events alone",
		may: []string{"finding", "internal/crawl", "internal/httpd", "internal/store"}},
	{pkg: "internal/httpd", why: "how a server behaves is decided without what it serves"},
	{pkg: "internal/history", why: "attribution knows commits and trees, not matches",
		may: []string{"finding", "sources"}},
	{pkg: "internal/identity", why: "keys and ids need the vocabulary only",
		may: []string{"finding"}},
	{pkg: "internal/introspect", why: "a table says what a kind's provider is asked, and the guarded client asks",
		may: []string{"detectors", "finding", "internal/live"}},
	{pkg: "internal/join", why: "records are put beside credentials by keys alone",
		may: []string{"finding", "internal/identity", "inventory"}},
	{pkg: "internal/layers", why: "a test and nothing else"},
	{pkg: "internal/live", why: "one client asks providers, and knows neither what was found nor how",
		may: []string{"finding"}},
	{pkg: "internal/match", why: "matching is a function of bytes and the table of kinds",
		may: []string{"detectors", "finding"}},
	{pkg: "internal/migrate", why: "another scanner's rules and decisions become rows and marks",
		may: []string{"detectors", "finding", "internal/match", "internal/policy", "internal/rules"}},
	{pkg: "internal/notify", why: "what is told to others is what the store holds, masked",
		may: []string{"finding", "internal/store"}},
	{pkg: "internal/owners", why: "files that name owners in, names out"},
	{pkg: "internal/mirror", why: "a copy is fetched and kept without being read",
		may: []string{"internal/gitexec"}},
	{pkg: "internal/pack", why: "the object reader knows how a blob derives from another and no more",
		may: []string{"sources", "internal/pack/inflate"}},
	{pkg: "internal/pack/inflate", why: "decompression needs nothing"},
	{pkg: "internal/pipeline", why: "configuration is understood without what was found in it",
		may: []string{"finding", "internal/environ"}},
	{pkg: "internal/policy", why: "a policy is read without knowing sources or matchers",
		may: []string{"finding"}},
	{pkg: "internal/pullrequest", why: "a change is judged from what a CI system and two trees say, without a connection",
		may: []string{"finding", "internal/policy"}},
	{pkg: "internal/review", why: "a report is put on a pull request: nothing is found or judged there",
		may: []string{"finding", "report"}},
	{pkg: "internal/rules", why: "a user's rows become rows like any other",
		may: []string{"detectors", "finding", "internal/match", "internal/policy"}},
	{pkg: "internal/risk", why: "a verdict is a function of what stands in the finding types",
		may: []string{"finding"}},
	{pkg: "internal/scan", why: "the engine between sources and matchers knows neither policy nor risk",
		may: []string{"detectors", "finding", "sources", "internal/decode", "internal/match", "internal/unpack"}},
	{pkg: "internal/serve", why: "a page shows what the store holds, and changes nothing",
		may: []string{"finding", "report", "internal/httpd", "internal/store"}},
	{pkg: "internal/store", why: "what is kept knows neither sources nor matchers",
		may: []string{"finding"}},
	{pkg: "internal/state", why: "what was scanned, in a file, whatever it was",
		may: []string{"internal/wholefile"}},
	{pkg: "internal/train", why: "weights come from labelled values and nothing else",
		may: []string{"internal/match", "internal/vectors"}},
	{pkg: "internal/unpack", why: "bytes in, bytes out",
		may: []string{"finding"}},
	{pkg: "internal/vectors", why: "samples of a kind, from its shape",
		may: []string{"detectors", "finding"}},
	{pkg: "internal/wholefile", why: "how a file is put in place is decided without what stands in it"},
	{pkg: "cmd/sprawl", why: "it wires everything",
		may: []string{anything}},
}

// guarded are imports from outside the module that a list of packages may use. In tests and testkit anything goes.
var guarded = []struct {
	match func(imp string) bool
	what  string
	why   string
	may   []string
}{
	{what: "network packages", match: network, why: "nothing leaves the machine unless a source or a flag asks for it",
		may: []string{"sources/github", "sources/image", "internal/crawl", "internal/health", "internal/httpd", "internal/mirror", "internal/store", "internal/notify", "internal/serve", "internal/review", "internal/live", "internal/introspect"}},
	{what: "os/exec", match: is("os/exec"), why: "programs are run by internal/gitexec, disarmed", may: []string{"internal/gitexec"}},
	{what: "cgo", match: is("C"), why: "every platform is built from any other"},
	{what: "plugin", match: is("plugin"), why: "scanning runs nothing that it did not bring"},
	{what: "unsafe", match: is("unsafe"), why: "hostile bytes meet bounds checks"},
	{what: "regexp", match: is("regexp"), why: "built-in kinds compile to byte matchers (docs/decisions/004)",
		may: []string{"internal/gitexec", "internal/review", "internal/rules", "cmd/sprawl"}},
}

func is(want string) func(string) bool { return func(imp string) bool { return imp == want } }

// network reports whether a package can open a connection. net/url and net/netip parse and no more.
func network(imp string) bool {
	switch imp {
	case "net", "net/http", "net/rpc", "net/smtp", "crypto/tls", "log/syslog":
		return true
	}
	for _, prefix := range []string{"net/http/", "net/rpc/", "golang.org/x/net/", "golang.org/x/crypto/ssh/",
		"github.com/go-git/go-git/v5/plumbing/transport/", "github.com/google/go-containerregistry/pkg/v1/remote",
		"github.com/google/go-containerregistry/pkg/authn"} {
		if strings.HasPrefix(imp, prefix) {
			return true
		}
	}
	return false
}

// file is one Go file of the module.
type file struct {
	pkg     string // relative to the module
	name    string
	test    bool
	imports []string
}

func TestImports(t *testing.T) {
	files, err := read(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d Go files found: is %s the module?", len(files), root)
	}
	for _, trouble := range judge(files) {
		t.Error(trouble)
	}
	for _, r := range table {
		if !slices.ContainsFunc(files, func(f file) bool { return f.pkg == r.pkg }) {
			t.Errorf("row %q of the table in internal/layers stands for no package: remove it", r.pkg)
		}
	}
}

// TestJudge breaks each rule once.
func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		f    file
		want string
	}{
		{file{pkg: "finding", imports: []string{"fmt", "time"}}, ""},
		{file{pkg: "finding", imports: []string{"sprawl/sources"}}, `read row "finding"`},
		{file{pkg: "finding", imports: []string{"golang.org/x/sync/errgroup"}}, "standard library alone"},
		{file{pkg: "report", imports: []string{"sprawl/finding", "net/url"}}, ""},
		{file{pkg: "report", imports: []string{"sprawl/internal/identity"}}, `read row "report"`},
		{file{pkg: "sources/git", imports: []string{"sprawl/sources"}}, ""},
		{file{pkg: "sources", imports: []string{"sprawl/sources/git"}}, `read row "sources"`},
		{file{pkg: "internal/new", imports: nil}, `has no row`},
		{file{pkg: "internal/risk", imports: []string{"os/exec"}}, "os/exec"},
		{file{pkg: "internal/gitexec", imports: []string{"os/exec"}}, ""},
		{file{pkg: "cmd/sprawl", imports: []string{"net/http"}}, "network packages"},
		{file{pkg: "sources/git", imports: []string{"github.com/go-git/go-git/v5/plumbing/transport/ssh"}}, "network packages"},
		{file{pkg: "report", imports: []string{"github.com/google/go-containerregistry/pkg/v1/remote/transport"}}, "network packages"},
		{file{pkg: "cmd/sprawl", imports: []string{"sprawl/internal/scan"}}, ""},
		{file{pkg: "cmd/sprawl", imports: []string{"sprawl/internal/testkit/repo"}}, "only tests"},
		{file{pkg: "internal/scan", imports: []string{"sprawl/internal/testkit/repo", "os/exec"}, test: true}, ""},
		{file{pkg: "internal/testkit/repo", imports: []string{"os/exec", "net/http", "sprawl/sources"}}, ""},
		{file{pkg: "detectors", imports: []string{"regexp"}}, "regexp"},
		{file{pkg: "internal/pack", imports: []string{"unsafe"}}, "unsafe"},
	} {
		got := judge([]file{tt.f})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s importing %v: %s", tt.f.pkg, tt.f.imports, got[0])
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%s importing %v: got %q, want %q", tt.f.pkg, tt.f.imports, got, tt.want)
		}
	}
}

// judge returns one sentence for each import that is out of order.
func judge(files []file) []string {
	rows := map[string]row{}
	for _, r := range table {
		rows[r.pkg] = r
	}
	var out []string
	missing := map[string]bool{}
	for _, f := range files {
		if f.test || testkit(f.pkg) {
			continue
		}
		r, ok := rows[f.pkg]
		if !ok {
			if !missing[f.pkg] {
				out = append(out, fmt.Sprintf("package %s has no row in the table of internal/layers/layers_test.go: add one", f.pkg))
			}
			missing[f.pkg] = true
			continue
		}
		for _, imp := range f.imports {
			if trouble := r.trouble(imp); trouble != "" {
				out = append(out, fmt.Sprintf("%s imports %s: %s", path.Join(f.pkg, f.name), imp, trouble))
			}
		}
	}
	return out
}

// trouble says what is wrong with an import, or nothing.
func (r row) trouble(imp string) string {
	if in, ok := strings.CutPrefix(imp, module+"/"); ok {
		switch {
		case testkit(in):
			return "only tests import internal/testkit"
		case slices.Contains(r.may, anything), slices.Contains(r.may, in):
			return ""
		}
		return fmt.Sprintf("%s; read row %q in internal/layers/layers_test.go", r.why, r.pkg)
	}
	for _, g := range guarded {
		if g.match(imp) && !slices.Contains(g.may, r.pkg) {
			return fmt.Sprintf("%s: %s; read the row on %s in internal/layers/layers_test.go", g.what, g.why, g.what)
		}
	}
	if first, _, _ := strings.Cut(imp, "/"); r.pkg == "finding" && strings.Contains(first, ".") {
		return fmt.Sprintf("%s; read row %q in internal/layers/layers_test.go", r.why, r.pkg)
	}
	return ""
}

func testkit(pkg string) bool { return strings.HasPrefix(pkg, "internal/testkit") }

// read parses the imports of every Go file of the module, whatever it is built for.
func read(fsys fs.FS) ([]file, error) {
	var files []file
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if d.IsDir() {
			if name == "." {
				return nil
			}
			if base == "testdata" || base[0] == '.' || base[0] == '_' {
				return fs.SkipDir
			}
			if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil {
				return fs.SkipDir // a module of its own
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{pkg: path.Dir(name), name: base, test: strings.HasSuffix(base, "_test.go")}
		for _, imp := range parsed.Imports {
			p, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: import %s: %w", name, imp.Path.Value, err)
			}
			f.imports = append(f.imports, p)
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// TestLinterAgrees keeps .golangci.yml, by which editors show a wrong import while it is written, in step with the table.
func TestLinterAgrees(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct {
					Rules map[string]rule
				}
			}
		}
	}
	if err := yaml.Load(data, &config); err != nil {
		t.Fatal(err)
	}
	want := map[string]rule{}
	for _, r := range table {
		if slices.Contains(r.may, anything) {
			continue
		}
		w := rule{
			ListMode: "lax",
			Files:    []string{"**/" + r.pkg + "/*.go", "!$test"},
			Deny:     []deny{{Pkg: module + "/", Desc: r.why}},
		}
		for _, may := range r.may {
			w.Allow = append(w.Allow, module+"/"+may+"$")
		}
		slices.Sort(w.Allow)
		want[strings.ReplaceAll(r.pkg, "/", "-")] = w
	}
	d := cmp.Diff(want, config.Linters.Settings.Depguard.Rules)
	if d == "" {
		return
	}
	text, err := yaml.Dump(want)
	if err != nil {
		t.Fatal(err)
	}
	if !*update {
		t.Fatalf("linters.settings.depguard.rules of .golangci.yml (go test ./internal/layers -update writes them) -want +got\n%s", d)
	}
	rules := "      rules:\n"
	for l := range strings.Lines(string(text)) {
		rules += "        " + l
	}
	replace(t, ".golangci.yml", data, "      # The table of internal/layers/layers_test.go, which fails where the two differ and writes these rules.\n", "  exclusions:\n", rules)
}

// TestArchitectureAgrees keeps the table that people read in step with the one that is held.
func TestArchitectureAgrees(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| package | may import | because |\n|---|---|---|\n")
	for _, r := range table {
		if slices.Contains(r.may, anything) || r.pkg == "internal/layers" {
			continue
		}
		may := "nothing"
		if len(r.may) > 0 {
			may = "`" + strings.Join(r.may, "`, `") + "`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", r.pkg, may, r.why)
	}
	if strings.Contains(strings.ReplaceAll(string(data), "\r\n", "\n"), want.String()+"\n") {
		return
	}
	if !*update {
		t.Fatalf("ARCHITECTURE.md does not hold the table (go test ./internal/layers -update writes it):\n%s", want.String())
	}
	replace(t, "ARCHITECTURE.md", data, "nothing but tests imports `internal/testkit`.\n", "\nFrom outside the module:", "\n"+want.String())
}

var update = flag.Bool("update", false, "write the table into ARCHITECTURE.md and .golangci.yml")

// replace writes text between two marks of a file.
func replace(t *testing.T, name string, data []byte, from, to, text string) {
	t.Helper()
	head, rest, ok := strings.Cut(string(data), from)
	_, tail, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("%s lacks %q or %q after it", name, from, to)
	}
	if err := os.WriteFile(filepath.Join(root, name), []byte(head+from+text+to+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

type rule struct {
	ListMode string `yaml:"list-mode"`
	Files    []string
	Deny     []deny
	Allow    []string `yaml:",omitempty"`
}

type deny struct{ Pkg, Desc string }
