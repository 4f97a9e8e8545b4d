package match

import (
	"bytes"
	"fmt"

	"sprawl/finding"
)

// commandName is the name of a password given as -u user:password.
const commandName = "-u"

// command reads curl -u user:password in the quoting of shells, and -u key: of services that take a key for a user.
func (m *Matcher) command(at int) {
	b := m.b
	line := b[at:min(len(b), at+maxCommand)]
	for i := 0; i+4 < len(line); i++ {
		if line[i] == '\n' && (i == 0 || line[i-1] != '\\') {
			return
		}
		if !isBlank(line[i]) || line[i+1] != '-' {
			continue
		}
		j := i + 1
		switch {
		case line[j+1] == 'u':
			j += 2
		case hasFold(line[j:], "--user ") || hasFold(line[j:], "--user="):
			j += len("--user ")
		default:
			continue
		}
		u, p, ok := userPassword(line, j)
		if !ok {
			continue
		}
		least := commandPassword
		if u[0] == u[1] {
			least = commandKey
		}
		if p[1]-p[0] < least {
			continue
		}
		if in := line[p[0]+1 : p[1]-1]; line[p[0]] == '{' && line[p[1]-1] == '}' && byLot(in) {
			p = [2]int{p[0] + 1, p[1] - 1} // what the manual had in braces was filled in, and they were left
		}
		a := assignment{op: opSpace, nameStart: at + i + 1, nameEnd: at + i + 3, start: at + p[0], end: at + p[1]}
		v := b[a.start:a.end]
		r, ok := judge(&a, namePassword, []byte(commandName), v)
		if !ok || r.score < genericFloor || bytes.IndexByte(v, '/') >= 0 && bytes.IndexByte(v, ':') >= 0 {
			continue
		}
		parts := []Part{{Role: finding.RoleSecret, Value: finding.NewSecret(v), Start: a.start, End: a.end}}
		if u[0] < u[1] {
			parts = append(parts, Part{Role: finding.RoleUser, Value: finding.NewSecret(line[u[0]:u[1]]), Start: at + u[0], End: at + u[1]})
		}
		m.emit(Candidate{Tier: finding.TierGeneric, Proof: finding.ProofNone, Name: commandName, Score: r.score, Start: a.nameStart, End: a.end,
			Why:   fmt.Sprintf("user and password of a command line, entropy %.1f bits, not a reference", r.entropy),
			Parts: parts})
	}
}

// Bytes from which a command line's password, and a key that stands for both, is read.
const (
	commandPassword = 4
	commandKey      = 8
)

// userPassword reads the word at i: user:password, "user:password", user:'password', "user":"password", or key: and nothing
// behind, where the key is the password and there is no user. Both are stretches of line.
func userPassword(line []byte, i int) (user, password [2]int, ok bool) {
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	var quote byte
	if i < len(line) && isQuote(line[i]) {
		quote = line[i]
		i++
	}
	user[0] = i
	for i < len(line) && line[i] != ':' && !isQuote(line[i]) && (quote != 0 || !isSpace(line[i])) && line[i] != '\n' {
		i++
	}
	user[1] = i
	if i+1 < len(line) && quote != 0 && line[i] == quote && line[i+1] == ':' {
		quote = 0
		i++
	}
	if i+1 >= len(line) || line[i] != ':' || user[0] == user[1] {
		return user, password, false
	}
	i++
	if quote == 0 && isQuote(line[i]) {
		quote = line[i]
		i++
	}
	password[0] = i
	for i < len(line) && !isQuote(line[i]) && line[i] != '\n' && (quote != 0 || !isSpace(line[i])) {
		i++
	}
	password[1] = i
	if password[0] == password[1] {
		user, password = [2]int{}, user
	}
	return user, password, true
}
