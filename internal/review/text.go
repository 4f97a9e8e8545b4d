package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"sprawl/finding"
	"sprawl/report"
)

// Limits of GitHub (docs.github.com, REST reference): a comment has at most 65,536 characters, as has a check run's summary.
const (
	maxBody  = 60_000
	maxTable = 40
	maxText  = 400
)

// marker ends every comment of ours: by it the next run knows which credential the comment is about.
var marker = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<!-- sprawl:([a-z0-9-]{1,80}) -->\s*$`) })

// keyOf is the name in a comment's marker, "" if it has none.
func keyOf(body string) string {
	if m := marker().FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}

// key names a credential for good. Without a salt or a key an id is good for one run, and no name of a value gives nothing away
// and outlasts it: then it is the kind and the file, and which one of them in the file.
func key(r *Report, f *Finding, nth map[string]int) string {
	if r.Scope != finding.KeyRun {
		return f.ID
	}
	path := ""
	if len(f.Locations) > 0 {
		path = f.Locations[0].Path
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s", len(f.Kind), f.Kind, len(path), path))
	name := hex.EncodeToString(h[:12])
	nth[name]++
	return fmt.Sprintf("p-%s-%d", name, nth[name])
}

// body is a comment about a credential that the change brings.
func body(r *Report, f *Finding, key string, here *Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s: %s** %s\n\n", f.Severity, text(cmp.Or(f.Title, f.Kind)), report.Code(f.Redacted))
	if f.Why != "" {
		fmt.Fprintf(&b, "Why it is reported: %s\n", text(f.Why))
	}
	if others := len(f.Locations) - 1; others > 0 {
		fmt.Fprintf(&b, "\nIn %d places", others+1)
		if here != nil && here.Path != f.Locations[0].Path {
			fmt.Fprintf(&b, ", first in %s", report.Code(place(&f.Locations[0])))
		}
		b.WriteString(".\n")
	}
	if here != nil && here.State != finding.StateHead {
		b.WriteString("\nIt is gone from the newest version, and still readable in the change's commits.\n")
	}
	for i, fix := range f.Fix {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, text(fix))
	}
	id := ""
	if r.Scope != finding.KeyRun {
		id = ", `sprawl show " + finding.ShortID(f.ID) + "`"
	}
	fmt.Fprintf(&b, "\nIf it is no secret: `sprawl:allow WHY` on its line counts once it is merged. More: `sprawl explain %s`%s\n", strings.ReplaceAll(f.Kind, "`", ""), id)
	return limit(b.String()) + end(key)
}

// gone replaces a comment whose credential the change no longer brings.
func gone(key, head string) string {
	return fmt.Sprintf("**Resolved**: the change no longer brings this credential (as of %s). If anybody has seen it, it is still to be revoked.\n", report.Code(short(head))) + end(key)
}

// decided replaces a comment whose credential somebody has accepted.
func decided(f *Finding, key string) string {
	what := f.Decision.Kind
	switch what {
	case "base":
		what = "it was there before this change"
	case "mark":
		what = "marked as " + f.Decision.Value
	case "baseline":
		what = "it is in the baseline"
	}
	if f.Decision.By != "" {
		what += " by " + f.Decision.By
	}
	return "**Resolved**: " + text(what) + ".\n" + end(key)
}

func end(key string) string { return "\n<!-- sprawl:" + key + " -->" }

func limit(s string) string {
	if len(s) <= maxBody {
		return s
	}
	s = strings.ToValidUTF8(s[:maxBody], "")
	return s[:strings.LastIndexByte(s, '\n')+1] + "\n(cut off here)\n"
}

func text(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return report.Plain(s)
}

func place(l *Location) string {
	if l.Line > 0 {
		return fmt.Sprintf("%s:%d", l.Path, l.Line)
	}
	return l.Path
}

func short(id string) string { return id[:min(len(id), 12)] }

// verdict is a check run's conclusion, title and summary.
func verdict(r *Report, open []*Finding, elsewhere int) (conclusion, title, summary string) {
	switch n := len(open); {
	case r.Failing > 0:
		conclusion, title = "failure", plural(n, "credential")
	case !r.Complete:
		conclusion, title = "action_required", "Incomplete: not everything that was asked for was read"
	case n > 0:
		conclusion, title = "neutral", plural(n, "credential")+" below the threshold"
	default:
		conclusion, title = "success", "No new credential"
	}
	var b strings.Builder
	if !r.Complete {
		b.WriteString("> **Incomplete**: not everything that was asked for was read. The job's log says what.\n\n")
	}
	if len(open) > 0 {
		b.WriteString("| severity | kind | place | places |\n|---|---|---|---:|\n")
	}
	for i, f := range open {
		if i == maxTable {
			fmt.Fprintf(&b, "\nand %d more, in the job's summary\n", len(open)-i)
			break
		}
		at := ""
		if len(f.Locations) > 0 {
			at = report.Code(place(&f.Locations[0]))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d |\n", f.Severity, report.Code(f.Kind), at, len(f.Locations))
	}
	if elsewhere > 0 {
		fmt.Fprintf(&b, "\n%s without a comment: in no file that the change still touches, or beyond the %d that a run writes.\n", plural(elsewhere, "credential"), maxComments)
	}
	if len(r.Notices) > 0 {
		b.WriteString("\nOf the change itself:\n\n")
	}
	for i, n := range r.Notices {
		if i == maxTable {
			fmt.Fprintf(&b, "- and %d more\n", len(r.Notices)-i)
			break
		}
		fmt.Fprintf(&b, "- %s %s: %s\n", n.Severity, report.Code(n.Kind), text(n.Message))
	}
	if b.Len() == 0 {
		b.WriteString("Every commit of the change was read.\n")
	}
	return conclusion, title, limit(b.String())
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
