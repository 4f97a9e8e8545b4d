package history

import (
	"strings"
)

// mailmap maps what a commit says of its author to what the repository's .mailmap says, by the rules of gitmailmap(5).
// The zero mailmap changes nothing.
type mailmap struct {
	byMail map[string]*mailEntry // key: address in lower case
}

type mailEntry struct {
	ident
	byName map[string]ident // key: the commit's name in lower case
}

// ident is a name and an address; an empty half leaves the commit's own.
type ident struct{ name, mail string }

// parseMailmap reads a .mailmap; a line that makes no sense is passed over, as git does.
func parseMailmap(b []byte) mailmap {
	m := mailmap{byMail: map[string]*mailEntry{}}
	for line := range strings.SplitSeq(string(b), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name1, mail1, rest, ok := cutMail(line)
		if !ok {
			continue
		}
		name2, mail2, _, two := cutMail(rest)
		to, old, oldName := ident{name: name1}, mail1, ""
		if two {
			to.mail, old, oldName = mail1, mail2, name2
		}
		key := strings.ToLower(old)
		e := m.byMail[key]
		if e == nil {
			e = &mailEntry{}
			m.byMail[key] = e
		}
		if oldName != "" {
			if e.byName == nil {
				e.byName = map[string]ident{}
			}
			e.byName[strings.ToLower(oldName)] = to
			continue
		}
		if to.name != "" {
			e.name = to.name
		}
		if to.mail != "" {
			e.mail = to.mail
		}
	}
	return m
}

// cutMail splits "Name <address> rest".
func cutMail(s string) (name, mail, rest string, ok bool) {
	name, s, ok = strings.Cut(s, "<")
	if !ok {
		return "", "", "", false
	}
	mail, rest, ok = strings.Cut(s, ">")
	return strings.TrimSpace(name), strings.TrimSpace(mail), rest, ok
}

// apply maps "Name <address>" and makes it valid UTF-8 of bounded length.
func (m mailmap) apply(who string) string {
	open := strings.LastIndexByte(who, '<')
	if open < 0 {
		return cut(who)
	}
	name, mail := strings.TrimSpace(who[:open]), strings.TrimSpace(strings.TrimSuffix(who[open+1:], ">"))
	if e := m.byMail[strings.ToLower(mail)]; e != nil {
		to, ok := e.byName[strings.ToLower(name)]
		if !ok {
			to = e.ident
		}
		if to.name != "" {
			name = to.name
		}
		if to.mail != "" {
			mail = to.mail
		}
	}
	if name == "" {
		return cut("<" + mail + ">")
	}
	return cut(name + " <" + mail + ">")
}

// cut makes valid UTF-8 of at most maxIdent bytes.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxIdent {
		return s
	}
	return strings.ToValidUTF8(s[:maxIdent], "")
}
