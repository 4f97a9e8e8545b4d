package introspect

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/live"
	"sprawl/internal/testkit/program"
)

// signed is an account's signature for blobs, made as Storage makes one
// (https://learn.microsoft.com/rest/api/storageservices/create-account-sas), and the facts that its sighting has.
func signed(account string, key []byte, permissions, types string, end time.Time) (sig string, facts []finding.Fact) {
	const version = "2019-02-02"
	se := end.UTC().Format(time.RFC3339)
	m := hmac.New(sha256.New, key)
	m.Write([]byte(strings.Join([]string{account, permissions, "b", types, "", se, "", "", version, ""}, "\n")))
	return base64.StdEncoding.EncodeToString(m.Sum(nil)), []finding.Fact{
		{Field: "account", Value: account}, {Field: "expires", Value: se}, {Field: "permissions", Value: permissions}, {Field: "scope", Value: "b/" + types}, {Field: "version", Value: version},
	}
}

func sas(sig string, facts []finding.Fact) finding.Credential {
	return finding.Credential{ID: "c-sas", Kind: "azure-sas", Provider: "azure", Facts: facts, Sightings: []finding.Sighting{{Kind: "azure-sas", Parts: []finding.Part{
		{Role: finding.RoleSecret, Secret: finding.NewSecret([]byte(url.QueryEscape(sig)))},
	}}}}
}

// TestSAS asks azurite, Microsoft's own storage for tests, with signatures that it knows, that have ended and that are not its own.
func TestSAS(t *testing.T) {
	exe := program.Find(t, "azurite-blob")
	address, host, port := program.Address(t)
	key := sha256.Sum256([]byte("a key of nobody's"))
	const account = "acmestore"
	program.Serve(t, program.Server{
		Exe: exe, Address: address,
		Args: []string{"--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--blobHost", host, "--blobPort", port},
		Env:  []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AZURITE_ACCOUNTS=" + account + ":" + base64.StdEncoding.EncodeToString(key[:])},
	})
	base, err := live.Base("http://"+address+"/"+account, true)
	if err != nil {
		t.Fatal(err)
	}
	d := kindOf(t, "azure-sas")
	now := func() time.Time { return noon }
	ask := func(c finding.Credential) Asked {
		t.Helper()
		res, err := Run(t.Context(), []finding.Credential{c}, func(string) *detectors.Detector { return d }, Options{
			Client: live.New(live.Options{Now: now, Wait: func(context.Context, time.Duration) error { return nil }, Private: true}),
			Now:    now, Kinds: []string{"azure-sas"}, Bases: map[string][]*url.URL{"azure": {base}},
		})
		if err != nil || len(res.Asked) != 1 {
			t.Fatalf("%+v %v", res, err)
		}
		return res.Asked[0]
	}
	later, past := time.Now().AddDate(1, 0, 0), time.Now().AddDate(-1, 0, 0)
	if a := ask(sas(signed(account, key[:], "rl", "sco", later))); a.Status != "active" || a.Err != "" {
		t.Errorf("a good one: %+v", a)
	}
	other := sha256.Sum256([]byte("another key"))
	for name, c := range map[string]finding.Credential{
		"one that has ended": sas(signed(account, key[:], "rl", "sco", past)),
		"one of another key": sas(signed(account, other[:], "rl", "sco", later)),
	} {
		if a := ask(c); a.Status != "" || !strings.Contains(a.Err, "403") {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// TestSASAnswers: Storage's error codes say whether the signature or what was asked is at fault, and only the former is an end.
func TestSASAnswers(t *testing.T) {
	p := newProvider(t)
	d := kindOf(t, "azure-sas")
	sig, facts := signed("acmestore", []byte("a key"), "rl", "sco", noon.AddDate(1, 0, 0))
	for _, c := range []struct {
		status     int
		code, body string
		want       string
	}{
		{200, "", `<?xml version="1.0"?><EnumerationResults/>`, "active"},
		{200, "", `<html>`, ""},
		{403, "AuthorizationPermissionMismatch", "", "active"},
		{403, "AuthorizationResourceTypeMismatch", "", "active"},
		{403, "AuthenticationFailed", "", "revoked"},
		{403, "AuthorizationFailure", "", ""}, // a firewall's word
		{404, "ResourceNotFound", "", ""},
	} {
		p.reply = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ms-Error-Code", c.code)
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}
		res := p.ask(d, p.options(d), sas(sig, facts))
		if len(res.Asked) != 1 || res.Asked[0].Status != c.want || (c.want == "") != (res.Asked[0].Err != "") {
			t.Errorf("%d %s: %+v", c.status, c.code, res)
		}
		if q := p.got[0].URL.Query(); q.Get("sig") != sig || q.Get("se") != "2027-03-04T12:00:00Z" || q.Get("sv") == "" || q.Get("ss") != "b" || q.Get("srt") != "sco" {
			t.Errorf("sent %v", q)
		}
	}
	// A signature for one container, and an account that is no name: nothing is sent.
	for _, change := range []func(*finding.Credential, *Options){
		func(c *finding.Credential, _ *Options) { c.Facts = []finding.Fact{{Field: "scope", Value: "c"}} },
		func(c *finding.Credential, o *Options) {
			o.Bases = nil
			c.Facts[0].Value = "evil.example/"
		},
	} {
		o, c := p.options(d), sas(sig, append([]finding.Fact(nil), facts...))
		change(&c, &o)
		if res := p.ask(d, o, c); len(res.Asked) != 0 || len(res.Skipped) != 1 || len(p.got) != 0 {
			t.Errorf("%+v, %d requests", res, len(p.got))
		}
	}
	o := p.options(d)
	o.Kinds = []string{All}
	if res := p.ask(d, o, sas(sig, facts)); len(res.Asked) != 0 || len(p.got) != 0 {
		t.Error("what may cost is asked without being named")
	}
}
