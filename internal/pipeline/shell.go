package pipeline

import (
	"slices"
	"strings"
)

// A small reading of shell, PowerShell close enough: which words belong to which command, and where the output goes. It
// decides whether a secret is printed or stands on a command line, no more.

type shellWord struct {
	start, end int
	text       string // without quotes
}

type command struct {
	words    []shellWord
	piped    bool // into another command
	redirect bool // into a file
	start    int
}

// hidden marks bytes between single quotes, in which no variable is expanded, and those of comments.
type script struct {
	commands []command
	hidden   []bool
}

// parseScript never fails: what it does not understand ends up as words.
func parseScript(s string) script {
	out := script{hidden: make([]bool, len(s))}
	var cur command
	var word []byte
	wordStart := -1
	heredocs := []string{}
	lost := 0 // documents without an end: each costs a look at the rest
	endWord := func(at int) {
		if wordStart >= 0 {
			cur.words = append(cur.words, shellWord{wordStart, at, string(word)})
			wordStart, word = -1, nil
		}
	}
	endCommand := func(at int) {
		endWord(at)
		if len(cur.words) > 0 {
			out.commands = append(out.commands, cur)
		}
		cur = command{start: at}
	}
	put := func(at int, c byte) {
		if wordStart < 0 {
			wordStart = at
		}
		word = append(word, c)
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if s[i+1] == '\n' {
				endWord(i)
			} else {
				put(i, s[i+1])
			}
			i++
		case c == '\'':
			if wordStart < 0 {
				wordStart = i
			}
			for i++; i < len(s) && s[i] != '\''; i++ {
				out.hidden[i] = true
				word = append(word, s[i])
			}
		case c == '"':
			if wordStart < 0 {
				wordStart = i
			}
			for i++; i < len(s) && s[i] != '"'; i++ {
				if s[i] == '\\' && i+1 < len(s) {
					i++
				}
				word = append(word, s[i])
			}
		case c == '#' && wordStart < 0:
			for ; i < len(s) && s[i] != '\n'; i++ {
				out.hidden[i] = true
			}
			i--
		case c == ' ' || c == '\t' || c == '\r':
			endWord(i)
		case c == '\n':
			endCommand(i)
			for _, end := range heredocs {
				const enough = 16
				to := i
				if lost < enough {
					to = skipHeredoc(s, i, end)
				}
				if to == i {
					lost++
				}
				i = to
			}
			heredocs = heredocs[:0]
		case c == ';' || c == '(' || c == ')' || c == '`':
			if c == '(' && len(word) > 0 && word[len(word)-1] == '$' { // $( starts a command whose output is an argument
				word = word[:len(word)-1]
			}
			endCommand(i)
			if c == '(' || c == '`' {
				// What runs inside is captured, unless it is a plain subshell; either way it is not the log.
				cur.redirect = c == '`' || i > 0 && s[i-1] == '$'
			}
		case c == '|':
			endWord(i)
			if i+1 < len(s) && s[i+1] == '|' {
				i++
			} else {
				cur.piped = true
			}
			endCommand(i)
		case c == '&':
			if i+1 < len(s) && s[i+1] == '>' {
				endWord(i)
				cur.redirect = true
				i++
				continue
			}
			if i > 0 && s[i-1] == '>' { // 2>&1
				continue
			}
			endCommand(i)
		case c == '>':
			if n := len(word); n == 1 && word[0] == '2' { // the log shows standard output
				wordStart, word = -1, nil
			} else {
				endWord(i)
				cur.redirect = true
			}
		case c == '<':
			endWord(i)
			if strings.HasPrefix(s[i:], "<<<") {
				// A here-string goes to standard input, not to argv: the word after it is dropped.
				i += 2
				for i+1 < len(s) && s[i+1] == ' ' {
					i++
				}
				i = skipWord(s, i+1) - 1
				continue
			}
			if strings.HasPrefix(s[i:], "<<") {
				j := i + 2
				for j < len(s) && strings.IndexByte("- \t\"'\\", s[j]) >= 0 {
					j++
				}
				k := j
				for k < len(s) && wordByte(s[k]) {
					k++
				}
				if k > j && len(heredocs) < 8 {
					heredocs = append(heredocs, s[j:k])
				}
				for k < len(s) && (s[k] == '"' || s[k] == '\'') {
					k++
				}
				i = k - 1
			}
		default:
			put(i, c)
		}
	}
	endCommand(len(s))
	return out
}

// skipHeredoc returns the last byte of the line that ends the document.
func skipHeredoc(s string, from int, end string) int {
	for i := from + 1; i < len(s); {
		n := strings.IndexByte(s[i:], '\n')
		line := s[i:]
		if n >= 0 {
			line = s[i : i+n]
		}
		if strings.TrimSpace(line) == end {
			if n < 0 {
				return len(s) - 1
			}
			return i + n
		}
		if n < 0 {
			break
		}
		i += n + 1
	}
	return from // no end: it was none
}

func skipWord(s string, i int) int {
	if i >= len(s) {
		return len(s)
	}
	if q := s[i]; q == '"' || q == '\'' {
		for i++; i < len(s) && s[i] != q; i++ {
			if s[i] == '\\' && q == '"' {
				i++
			}
		}
		return min(i+1, len(s))
	}
	for i < len(s) && strings.IndexByte(" \t\n;|&<>", s[i]) < 0 {
		i++
	}
	return i
}

// builtins take a secret without putting it on a command line that other processes can read.
var builtins = set("[", "[[", "test", "export", "declare", "local", "readonly", "read", "set", "unset", ":", "true", "false", "if", "elif", "while", "until",
	"for", "case", "return", "exit", "eval", "let", "typeset", "!", "then", "else", "do", "fi", "done", "{", "}", "cd", "in", "select", "mapfile", "trap", "shift")

// wrappers run the command that follows them.
var wrappers = set("sudo", "env", "time", "exec", "command", "nohup", "then", "else", "do", "if", "!", "while", "elif", "until", "xargs", "retry", "timeout", "nice", "@")

var printers = set("echo", "printf", "write-host", "write-output", "write-information", "print")

// name is the program of a command and the index of its word.
func (c command) name() (string, int) {
	for i := 0; i < len(c.words); i++ {
		w := c.words[i].text
		if eq := strings.IndexByte(w, '='); eq > 0 && identifier(w[:eq]) {
			continue
		}
		if wrappers[w] || i > 0 && strings.HasPrefix(w, "-") && wrappers[c.words[i-1].text] {
			continue
		}
		return w, i
	}
	return "", len(c.words)
}

func identifier(s string) bool {
	for i := range len(s) {
		if !wordByte(s[i]) || i == 0 && digit(s[0]) {
			return false
		}
	}
	return s != ""
}

// printed says how the bytes at a position of a script reach the log or a command line, "" if they don't. expanded is for a
// variable, which single quotes keep from being replaced; a template expression is replaced before the shell sees anything.
func (p script) printed(at int, expanded bool) string {
	if at < 0 || at >= len(p.hidden) || expanded && p.hidden[at] {
		return ""
	}
	c, ok := p.at(at)
	if !ok {
		return ""
	}
	name, first := c.name()
	for j := first + 1; j < len(c.words); j++ {
		w := c.words[j]
		if at < w.start || at >= w.end {
			continue
		}
		short := name[strings.LastIndexAny(name, `/\`)+1:]
		switch {
		case printers[strings.ToLower(short)]:
			if c.piped || c.redirect || strings.Contains(c.all(), "::add-mask::") {
				return ""
			}
			return "printed by " + short
		case builtins[short] || short == "" || strings.ContainsAny(short, "=$\x00"):
			return ""
		case len(short) > 40:
			return "an argument on a command line"
		}
		return "an argument of " + short
	}
	return ""
}

// at is the command whose words end behind a position.
func (p script) at(at int) (command, bool) {
	i, _ := slices.BinarySearchFunc(p.commands, at, func(c command, at int) int {
		if c.words[len(c.words)-1].end <= at {
			return -1
		}
		return 1
	})
	if i == len(p.commands) {
		return command{}, false
	}
	return p.commands[i], true
}

// exported is the name under which a command like echo "NAME=…" >> $GITHUB_ENV hands what stands at a position to all steps
// that follow, "" if it does nothing of the kind.
func (p script) exported(at int) string {
	c, ok := p.at(at)
	if !ok || !c.redirect || len(c.words) < 3 {
		return ""
	}
	if to := c.words[len(c.words)-1].text; !strings.Contains(to, "GITHUB_ENV") {
		return ""
	}
	for _, w := range c.words[1:] {
		if at >= w.start && at < w.end {
			if name, _, ok := strings.Cut(w.text, "="); ok && identifier(name) {
				return name
			}
		}
	}
	return ""
}

// declares are builtins that give the variables after them a value.
var declares = set("export", "declare", "local", "readonly", "typeset")

// assigned is where each variable with a secret's name that the script itself gives a value begins to hold it. TOKEN=${TOKEN:-x} gives none: what
// it had before stays.
func (p script) assigned(s string) map[string]int {
	out := map[string]int{}
	hold := func(name string, w shellWord) {
		if _, known := out[name]; !known {
			out[name] = w.start
		}
	}
	own := func(name string, w shellWord) bool { // its value is made of what it had
		const enough = 1000
		line, _, _ := strings.Cut(s[w.start:min(len(s), w.start+enough)], "\n")
		return slices.ContainsFunc(variables(line), func(v variable) bool { return v.name == name })
	}
	for _, c := range p.commands {
		n := 0
		for n < len(c.words) && strings.Contains(c.words[n].text, "=") && identifier(c.words[n].text[:strings.IndexByte(c.words[n].text, '=')]) {
			n++
		}
		first := c.words[0].text
		switch {
		case n == len(c.words), declares[first]: // A=x make sets A for make alone
			for _, w := range c.words {
				if name, _, ok := strings.Cut(w.text, "="); ok && secretName(name) && !own(name, w) {
					hold(name, w)
				}
			}
		case first == "read", first == "for", first == "mapfile":
			for _, w := range c.words[1:] {
				if w.text == "in" {
					break
				}
				if secretName(w.text) {
					hold(w.text, w)
				}
			}
		}
	}
	return out
}

func (c command) all() string {
	var b strings.Builder
	for _, w := range c.words {
		b.WriteString(w.text)
		b.WriteByte(' ')
	}
	return b.String()
}

// variable is one use of a shell variable.
type variable struct {
	name string
	at   int
}

// variables lists $NAME, ${NAME…}, $env:NAME and %NAME% in the order they come.
func variables(s string) []variable {
	var out []variable
	const most = 10_000
	for i := 0; i+1 < len(s) && len(out) < most; i++ {
		switch s[i] {
		case '$':
			if i > 0 && (s[i-1] == '$' || s[i-1] == '\\') {
				continue
			}
			j := i + 1
			if s[j] == '{' {
				j++
			}
			for _, p := range []string{"env:", "Env:", "ENV:"} {
				if strings.HasPrefix(s[j:], p) {
					j += len(p)
				}
			}
			k := j
			for k < len(s) && wordByte(s[k]) && s[k] < 0x80 {
				k++
			}
			if k > j && !digit(s[j]) {
				out = append(out, variable{s[j:k], i})
			}
		case '%':
			k := i + 1
			for k < len(s) && wordByte(s[k]) && s[k] < 0x80 {
				k++
			}
			if k > i+2 && k < len(s) && s[k] == '%' && upper(s[i+1]) {
				out = append(out, variable{s[i+1 : k], i})
				i = k
			}
		}
	}
	return out
}
