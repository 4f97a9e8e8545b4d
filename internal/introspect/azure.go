package introspect

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sprawl/finding"
	"sprawl/internal/live"
)

// sasRefusals are the error codes by which Storage says that a signature is good and what was asked is beyond it
// (https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes).
var sasRefusals = []string{
	"AuthorizationPermissionMismatch", "AuthorizationResourceTypeMismatch", "AuthorizationServiceMismatch", "AuthorizationSourceIPMismatch", "AuthorizationProtocolMismatch",
}

// askSAS lists one container with an account's signature, which is put together again from what it says of itself. A signature for
// one blob or container does not say in its facts which, and is not tried.
func askSAS(ctx context.Context, o *Options, p *parts, hosts []*url.URL) (Asked, error) {
	services, types, account := strings.Cut(p.value("fact.scope"), "/")
	if !account || !strings.Contains(services, "b") {
		return Asked{}, errSkip("it is not an account's signature for blobs")
	}
	// The signature is found as it stood in an address.
	sig, err := url.QueryUnescape(strings.ReplaceAll(p.secret, "+", "%2B"))
	if err != nil {
		return Asked{}, errSkip("its signature is cut")
	}
	q := url.Values{"comp": {"list"}, "maxresults": {"1"}, "ss": {services}, "srt": {types}, "sig": {sig}}
	for name, field := range map[string]string{"sv": "version", "sp": "permissions", "se": "expires", "st": "not_before", "spr": "protocol", "sip": "address"} {
		if v := p.value("fact." + field); v != "" {
			q.Set(name, v)
		}
	}
	base := hosts[0]
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base.Scheme+"://"+base.Host+base.Path+"/?"+q.Encode(), nil)
	if err != nil {
		return Asked{}, errSkip("it holds what no request can carry")
	}
	a := Asked{Host: base.Host, At: o.Now()}
	hide := append(p.hide(), []byte(sig), []byte(url.QueryEscape(sig)))
	ans, err := o.Client.Do(ctx, live.Ask{Provider: "azure", Hosts: []string{base.Host}, What: "GET /?comp=list&maxresults=1", Hide: hide}, r)
	if err != nil {
		return a, err
	}
	code := ans.Header.Get("X-Ms-Error-Code")
	switch {
	case ans.Status == http.StatusOK && strings.Contains(string(ans.Body), "<EnumerationResults"):
		a.Status = "active"
	case ans.Status == http.StatusForbidden && slices.Contains(sasRefusals, code):
		a.Status = "active"
	case ans.Status == http.StatusForbidden && code == "AuthenticationFailed":
		a.Status = "revoked"
	default:
		return a, fmt.Errorf("%s answered %d, which does not tell whether it works", base.Host, ans.Status)
	}
	a.Facts = []finding.Fact{{Field: "status", Value: a.Status, Source: source(a.Host), AsOf: a.At}}
	return a, nil
}
