package mirror

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"sprawl/internal/gitexec"
)

// Auth is a credential for https and http. It redacts itself when it is printed.
type Auth struct {
	Username string // "" for x-access-token, which GitHub, GitLab and Gitea take beside a token
	Token    string // "" to ask without a credential
}

// String returns no part of the credential.
func (Auth) String() string { return "[redacted]" }

// Format writes no part of the credential, whatever the verb.
func (a Auth) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(a.String())) }

// LogValue logs no part of the credential.
func (a Auth) LogValue() slog.Value { return slog.StringValue(a.String()) }

// header is the value of Authorization, "" without a token.
func (a Auth) header() string {
	if a.Token == "" {
		return ""
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.user()+":"+a.Token))
}

func (a Auth) user() string { return cmp.Or(a.Username, "x-access-token") }

// hide replaces the credential, in the forms in which a server or git could send it back.
func (a Auth) hide(s string) string {
	if a.Token == "" {
		return s
	}
	s = strings.ReplaceAll(s, strings.TrimPrefix(a.header(), "Basic "), "***")
	return strings.ReplaceAll(strings.ReplaceAll(s, a.Token, "***"), url.QueryEscape(a.Token), "***")
}

// address is a remote's URL, understood.
type address struct {
	url  *url.URL // without a password; of ssh's short form too
	git  string   // as git is given it
	text string   // as messages and reports name it, without userinfo
}

// Clean is how reports name a remote: its URL without userinfo. The error is an *Error of kind Refused: not a URL of https, http,
// ssh, git or file, nor ssh's short form, nor an absolute path.
func Clean(raw string) (string, error) {
	ad, _, err := parse(raw, Auth{})
	return ad.text, err
}

// parse understands a URL. Userinfo of https and http is taken for the credential where none is given.
func parse(raw string, a Auth) (address, Auth, error) {
	refuse := func(why string) (address, Auth, error) {
		return address{}, a, &Error{Kind: Refused, URL: "remote", Detail: why}
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return refuse("spaces, control characters and backslashes do not belong in a URL")
	}
	if user, host, path, ok := short(raw); ok {
		ad := address{url: &url.URL{Scheme: "ssh", User: url.User(user), Host: host, Path: path}, git: raw, text: host + ":" + path}
		return ad, a, nil
	}
	if filepath.IsAbs(raw) {
		raw = gitexec.FileURL(raw)
	}
	u, err := url.Parse(raw)
	if err != nil { // the error holds the URL
		return refuse("not a URL")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if !slices.Contains([]string{"https", "http", "ssh", "git", "file"}, u.Scheme) || u.Opaque != "" {
		return refuse("only https, http, ssh, git and file are fetched from")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return refuse("a repository's URL has neither query nor fragment")
	}
	if strings.Trim(u.Path, "/") == "" || (u.Hostname() == "" || u.Hostname()[0] == '-') != (u.Scheme == "file") {
		return refuse("a repository's URL names a host and a path")
	}
	user := u.User
	u.User = nil
	ad := address{text: u.String(), url: u}
	if user != nil {
		name := user.Username()
		if ad.http() && a.Token == "" {
			a = userinfo(user)
		} else if u.Scheme == "ssh" && name != "" && name[0] != '-' {
			u.User = url.User(name)
		}
	}
	ad.git = u.String()
	return ad, a, nil
}

// userinfo is the credential of a URL: USER:TOKEN@, or TOKEN@ as some write it.
func userinfo(u *url.Userinfo) Auth {
	if token, ok := u.Password(); ok && token != "" {
		return Auth{Username: u.Username(), Token: token}
	}
	return Auth{Token: u.Username()}
}

// short takes ssh's short form apart, USER@HOST:PATH.
func short(raw string) (user, host, path string, ok bool) {
	if strings.Contains(raw, "://") {
		return
	}
	before, path, ok := strings.Cut(raw, ":")
	user, host, at := strings.Cut(before, "@")
	ok = ok && at && user != "" && host != "" && path != "" && user[0] != '-' && host[0] != '-' && path[0] != ':' && path[0] != '-' &&
		!strings.Contains(before, "/")
	return user, host, path, ok
}

func (ad address) http() bool { return ad.url.Scheme == "https" || ad.url.Scheme == "http" }

// folder is where the mirror is kept below the mirrors' folder, without its ending: HOST/PATH-HASH. The readable part is cut and
// mapped to characters that every file system takes, so it is the hash that tells two remotes apart.
func (ad address) folder() string {
	host := ad.url.Hostname()
	if host == "" {
		host = "local"
	}
	sum := sha256.Sum256([]byte(strings.TrimRight(ad.git, "/")))
	path := strings.TrimSuffix(strings.Trim(ad.url.Path, "/"), ".git")
	return filepath.Join(readable(host), readable(path)+"-"+hex.EncodeToString(sum[:hashBytes]))
}

const (
	hashBytes    = 12
	readableSize = 60
)

// readable maps a name to small letters, digits, dots and dashes.
func readable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	if len(s) > readableSize {
		s = s[len(s)-readableSize:]
	}
	if s = strings.Trim(s, ".-"); s == "" {
		return "_"
	}
	if first, _, _ := strings.Cut(s, "."); slices.Contains(reserved, first) {
		return "_" + s
	}
	return s
}

// reserved are devices on Windows, with any ending: Microsoft, "Naming Files, Paths, and Namespaces".
var reserved = []string{
	"con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}
