package notify

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sprawl/finding"
	"sprawl/internal/store"
)

// Schema is the form of a Message. A field may be added to it; one that is taken away or changes its meaning makes it another.
const Schema = "sprawl-webhook/1"

// What a Message holds at most, so that it stays within what receivers take.
const (
	maxItems  = 100
	maxPlaces = 3
	maxText   = 512 // bytes of one field
)

// Message is the body of a delivery.
type Message struct {
	Schema   string             `json:"schema"`
	Delivery string             `json:"delivery"` // the same for one run, however often it is sent
	Text     string             `json:"text"`     // a summary, for receivers that show this field and no other
	Run      Run                `json:"run"`
	Counts   map[store.What]int `json:"counts"` // credentials by what happened to them in the run
	Items    []Item             `json:"items"`  // worst first
	More     int                `json:"more"`   // of what is to be told, left out of Items
}

// Run is what a message is about.
type Run struct {
	ID    int64          `json:"id"`
	Ended time.Time      `json:"ended"`
	State store.RunState `json:"state"`
	KeyID string         `json:"key_id"` // ids are of this key: those of another are not to be compared
}

// Item is one credential.
type Item struct {
	ID       string           `json:"id"`
	ShortID  string           `json:"short_id"`
	What     store.What       `json:"what"` // new, reopened, escalated
	Detail   string           `json:"detail,omitempty"`
	Kind     string           `json:"kind"`
	Title    string           `json:"title"`
	Severity finding.Severity `json:"severity"`
	Was      finding.Severity `json:"was,omitempty"` // "" for what is new
	Redacted string           `json:"redacted"`
	Owner    string           `json:"owner,omitempty"`
	Places   []Place          `json:"places"`
	Others   int              `json:"others"` // places left out
}

// Place is where a credential stands.
type Place struct {
	Target string `json:"target"`
	Path   string `json:"path,omitempty"`
	Line   int    `json:"line,omitempty"` // from 1
}

// New makes the message of a run. changes are those of the run; known are the credentials as the store knows them, of which those
// without a change are ignored. It is false where there is nothing to tell: nothing got worse, or what did is decided, rotated or
// revoked.
func New(run store.Run, changes []store.Change, known []store.Known) (Message, bool) {
	m := Message{
		Schema: Schema, Delivery: delivery(run), Counts: map[store.What]int{}, Items: []Item{},
		Run: Run{ID: run.ID, Ended: run.Ended.UTC(), State: run.State, KeyID: run.KeyID},
	}
	by := make(map[string]*store.Known, len(known))
	for i := range known {
		by[known[i].Credential.ID] = &known[i]
	}
	for _, c := range changes {
		m.Counts[c.What]++
		if k := by[c.Credential]; k != nil && k.Status == store.Exposed && worse(c.What) {
			m.Items = append(m.Items, item(c, &k.Credential))
		}
	}
	slices.SortStableFunc(m.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), strings.Compare(a.ID, b.ID))
	})
	m.Text = text(&m)
	if n := len(m.Items); n > maxItems {
		m.Items, m.More = m.Items[:maxItems], n-maxItems
	}
	return m, len(m.Items) > 0
}

func worse(w store.What) bool { return w == store.New || w == store.Reopened || w == store.Escalated }

// delivery names a run: the number alone would be the same in another store.
func delivery(r store.Run) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d\x00%q", Schema, r.KeyID, r.ID, r.Started.UnixNano(), r.Roots))
	return hex.EncodeToString(sum[:16])
}

func item(c store.Change, k *finding.Credential) Item {
	i := Item{
		ID: k.ID, ShortID: finding.ShortID(k.ID), What: c.What, Detail: short(c.Detail), Kind: k.Kind, Title: short(k.Title),
		Severity: cmp.Or(k.Severity, c.Is), Was: c.Was, Redacted: short(k.Redacted), Owner: short(k.Owner.Name), Places: []Place{},
	}
	for n := range k.Sightings {
		if n == maxPlaces {
			i.Others = len(k.Sightings) - n
			break
		}
		s := &k.Sightings[n]
		p := Place{Target: short(s.Where.Target), Path: short(s.Where.Path)}
		if part := s.Canonical(); part != nil {
			p.Line = part.Span.Line
		}
		i.Places = append(i.Places, p)
	}
	return i
}

// short cuts a text of a scanned repository to what a field may hold, between two characters.
func short(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText - len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
