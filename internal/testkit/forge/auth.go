package forge

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"sprawl/internal/testkit/planted"
)

// App is a GitHub App that is installed at the forge's account.
type App struct {
	ID, Installation int64
	KeyFile          string        // of its private key, PEM
	Lifetime         time.Duration // of its tokens; 0 for an hour
	public           *rsa.PublicKey
}

// NewApp makes an App, and its key in the folder.
func NewApp(dir string) (*App, error) {
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, err
	}
	a := &App{ID: 4711, Installation: 815, KeyFile: filepath.Join(dir, "app.pem"), public: &key.PublicKey}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return a, os.WriteFile(a.KeyFile, pem.EncodeToMemory(block), 0o600)
}

// identity is who a request comes from.
type identity int

const (
	nobody    identity = iota
	person             // with the token of the options
	installed          // the App, at the account
	theApp             // by its key
)

func (s *Server) who(token string) identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	ends, ok := s.tokens[token]
	switch {
	case token == "":
		return nobody
	case token == s.o.Token:
		return person
	case ok && s.o.Now().Before(ends):
		return installed
	case s.signed(token):
		return theApp
	}
	return nobody
}

// signed reports whether a token is the App's own, by its key.
func (s *Server) signed(token string) bool {
	if s.o.App == nil {
		return false
	}
	var claims jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) {
		if t.Method != jwt.SigningMethodRS256 {
			return nil, fmt.Errorf("signed by %s", t.Method.Alg())
		}
		return s.o.App.public, nil
	})
	return err == nil && claims.Issuer == strconv.FormatInt(s.o.App.ID, 10)
}

// issue makes a token for an installation.
func (s *Server) issue(installation string) reply {
	a := s.o.App
	if installation != strconv.FormatInt(a.Installation, 10) {
		return missing()
	}
	life := a.Lifetime
	set(&life, time.Hour)
	s.made++
	token, ends := "gh"+"s_"+planted.Token(uint64(s.made) + 1<<40)[len("ghp_"):], s.o.Now().Add(life)
	s.tokens[token] = ends
	return reply{status: http.StatusCreated, body: object{
		"token": token, "expires_at": stamp(ends), "permissions": object{"contents": "read", "metadata": "read", "packages": "read"}, "repository_selection": "all",
	}}
}

// Install puts an App in the place of the one that was installed.
func (s *Server) Install(a *App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.App = a
}

// Expire ends all tokens that the App was given so far.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Revoke puts another token in the place of the person's; "" for none.
func (s *Server) Revoke(another string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o.Token = another
}

// Tokens are all that open something now: none of them may be found in what a client writes.
func (s *Server) Tokens() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	if s.o.Token != "" {
		out = append(out, s.o.Token)
	}
	for t := range s.tokens {
		out = append(out, t)
	}
	return out
}
