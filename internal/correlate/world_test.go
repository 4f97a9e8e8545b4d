package correlate_test

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/correlate"
	"sprawl/internal/identity"
	"sprawl/internal/join"
	"sprawl/inventory"
)

var scaleNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// world is many places of fewer credentials, and an export that lists ten times as many keys.
type world struct {
	sightings []finding.Sighting
	export    []byte
}

// makeWorld makes credentials with twenty places each, over repositories, paths and versions.
func makeWorld(credentials int) world {
	const places = 20
	r := rand.New(rand.NewPCG(uint64(credentials), 5))
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	draw := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return b
	}
	id := func() string {
		raw := make([]byte, 10)
		binary.BigEndian.PutUint64(raw, (1<<47|uint64(664418975074)<<7|r.Uint64N(1<<7))<<16|r.Uint64N(1<<16))
		binary.BigEndian.PutUint16(raw[8:], uint16(r.Uint32()))
		return "AK" + "IA" + base32.StdEncoding.EncodeToString(raw)
	}
	var w world
	var keys []string
	for c := range credentials {
		ident, secret := id(), finding.NewSecret(draw(40))
		keys = append(keys, ident)
		for p := range places {
			line := 1 + r.IntN(200)
			s := finding.Sighting{
				Kind: "aws-access-key", Provider: "aws", Name: "AWS_SECRET_ACCESS_KEY", Tier: finding.TierShaped, Ident: ident, Masked: strings.Repeat("*", 40),
				Parts: []finding.Part{
					{Role: finding.RoleSecret, Secret: secret, Span: finding.Span{Line: line, Column: 3, EndLine: line, EndColumn: 43}},
					{Role: finding.RoleID, Secret: finding.NewSecret([]byte(ident)), Span: finding.Span{Line: line + 1, Column: 3, EndLine: line + 1, EndColumn: 23}},
				},
				Facts: []finding.Fact{{Field: "account", Value: "664418975074", Source: "offline"}},
				Where: finding.Location{
					Source: "git", Target: fmt.Sprintf("acme/r%d", r.IntN(200)), Path: fmt.Sprintf("deploy/%s/app%d.env", []string{"prod", "staging", "dev"}[p%3], c%50), State: finding.StateHead,
					Added: &finding.Change{Commit: fmt.Sprintf("%040x", r.Uint64()), Author: "Ada <ada@example.org>", When: scaleNow.AddDate(0, 0, -r.IntN(900))},
				},
			}
			if p%2 == 1 {
				s.Where.State = finding.StateHistory
			}
			w.sightings = append(w.sightings, s)
		}
	}
	for len(keys) < 10*credentials {
		keys = append(keys, id())
	}
	var b bytes.Buffer
	for i, k := range keys {
		fmt.Fprintf(&b, `{"AccessKeyMetadata":[{"UserName":"svc-%d","AccessKeyId":"%s","Status":"Active","CreateDate":"2025-0%d-01T00:00:00Z"}]}`+"\n", i, k, 1+i%9)
	}
	w.export = b.Bytes()
	return w
}

// judge is what a run does once it has walked: read the export, join, correlate, judge.
func (w world) judge(tb testing.TB) correlate.Result {
	tb.Helper()
	keys := identity.New(bytes.Repeat([]byte{7}, identity.KeySize), nil, nil)
	inv, _, err := inventory.Load(tb.Context(), bytes.NewReader(w.export), "", inventory.Meta{Name: "keys.json", AsOf: scaleNow, Now: scaleNow, Sum: keys.Sum})
	if err != nil {
		tb.Fatal(err)
	}
	table := map[string]*detectors.Detector{}
	for _, d := range detectors.All() {
		table[d.ID] = &d
	}
	in := correlate.Input{Sightings: w.sightings, Keys: keys, Kind: func(id string) *detectors.Detector { return table[id] }, AsOf: scaleNow}
	var rows []finding.InventoryRow
	in.Records = func(cs []finding.Credential) [][]finding.Record {
		res := join.Join(cs, []*inventory.Inventory{inv}, keys)
		rows = res.Rows
		out := make([][]finding.Record, len(cs))
		for i := range cs {
			out[i] = res.Records[cs[i].ID]
		}
		return out
	}
	res := correlate.Correlate(in)
	res.Inventory = rows
	return res
}
