package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"sprawl/finding"
)

// chunk is how many items stand in one row: alike as they are, they compress together.
const chunk = 200

var (
	credentialColumns = []string{"id", "status", "first_run", "first_at", "first_seen", "last_run", "gone_at", "facets", "doc"}
	versionColumns    = []string{"credential", "run", "seq", "started", "status", "gone_at", "facets", "doc"}
	changeColumns     = []string{"run", "credential", "at", "what", "was", "is_now", "detail"}
)

// Items are what a judged run had beside credentials.
type Items struct {
	Notices    []finding.Notice       `json:"notices,omitempty"`
	References []finding.Reference    `json:"references,omitempty"`
	Inventory  []finding.InventoryRow `json:"inventory,omitempty"`
}

// before is a credential as the store knew it when a run was judged.
type before struct {
	facets                       facets
	firstRun, firstAt, firstSeen int64
	goneAt                       int64
}

// judgement is one PutJudged at work.
type judgement struct {
	t        *Tx
	run      Run
	seq      int64
	at       time.Time
	known    map[string]before
	held     map[string]bool
	current  *batch // of credentials
	versions *batch
	changes  []Change
	point    Point
	days     float64 // that what is open has been open
	closed   float64 // days that what was closed in this run had been open
}

// PutJudged says what all targets together hold, judged at a time, and returns what has changed since the last judgement, by id.
// Judging the same run again takes back what was said first, and says the same.
//
// A credential that is not among cs is gone if every target that held it was looked at in this run; looked is asked by the name that
// stands in its places. A target that the store knows to be gone needs no look, and one that was renamed is asked for by its name of
// today. FirstSeen of a credential is the earliest that was ever given. Secrets in cs are left out.
func (t *Tx) PutJudged(run int64, at time.Time, cs []finding.Credential, notices []finding.Notice, refs []finding.Reference, inv []finding.InventoryRow,
	looked func(target string) bool) ([]Change, error) {
	j := &judgement{
		t: t, at: at, held: make(map[string]bool, len(cs)),
		current:  t.into("credentials", conflict("id", slices.DeleteFunc(slices.Clone(credentialColumns), func(c string) bool { return c == "id" || c == "first_run" || c == "first_at" })), credentialColumns...),
		versions: t.into("versions", "", versionColumns...),
		point:    Point{Run: run, At: at, Open: map[finding.Severity]int{}, Changes: map[What]int{}},
	}
	err := j.begin(run)
	for i := 0; i < len(cs) && err == nil; i++ {
		err = j.holds(cs[i])
	}
	if err == nil {
		err = j.vanish(looked)
	}
	if err == nil {
		err = j.finish(Items{notices, refs, inv})
	}
	if err != nil {
		return nil, fmt.Errorf("judge run %d: %w", run, err)
	}
	return j.changes, nil
}

func (j *judgement) begin(run int64) error {
	rs, err := j.t.runs("WHERE id = $1", run)
	if err == nil && len(rs) == 0 {
		err = ErrNone
	}
	if err != nil {
		return err
	}
	j.run = rs[0]
	// Of two judgements at once the second waits here for the first.
	var n string
	if _, err = j.t.one("UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'judged' RETURNING value", nil, &n); err != nil {
		return err
	}
	if j.seq, err = strconv.ParseInt(n, 10, 64); err != nil {
		return err
	}
	if err = j.t.unjudge(run); err != nil {
		return err
	}
	j.known, err = j.t.before()
	return err
}

// unjudge takes back what a run's judgement said.
func (t *Tx) unjudge(run int64) error {
	for _, q := range []string{
		`DELETE FROM credentials WHERE id IN (SELECT credential FROM versions WHERE run = $1) AND NOT EXISTS
			(SELECT 1 FROM versions v WHERE v.credential = credentials.id AND v.run <> $1)`,
		`UPDATE credentials SET (status, gone_at, last_run, facets, doc) = (SELECT v.status, v.gone_at, v.run, v.facets, v.doc FROM versions v
			WHERE v.credential = credentials.id AND v.run <> $1 ORDER BY v.seq DESC LIMIT 1)
			WHERE id IN (SELECT credential FROM versions WHERE run = $1)`,
		`DELETE FROM versions WHERE run = $1`,
		`DELETE FROM changes WHERE run = $1`,
		`DELETE FROM items WHERE run = $1`,
		`DELETE FROM points WHERE run = $1`,
	} {
		if _, err := t.exec(q, run); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) before() (map[string]before, error) {
	all := map[string]before{}
	return all, t.each(func(scan func(...any) error) error {
		var id, doc string
		var b before
		if err := scan(&id, &doc, &b.firstRun, &b.firstAt, &b.firstSeen, &b.goneAt); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(doc), &b.facets); err != nil {
			return err
		}
		all[id] = b
		return nil
	}, "SELECT id, facets, first_run, first_at, first_seen, gone_at FROM credentials")
}

// holds takes one credential that some target holds.
func (j *judgement) holds(c finding.Credential) error {
	if j.held[c.ID] {
		return fmt.Errorf("credential %s twice", c.ID)
	}
	j.held[c.ID] = true
	b, known := j.known[c.ID]
	if !known {
		b.firstRun, b.firstAt, b.firstSeen = j.run.ID, stamp(j.run.Started), stamp(c.FirstSeen)
	}
	if b.firstSeen != 0 && (c.FirstSeen.IsZero() || unstamp(b.firstSeen).Before(c.FirstSeen)) {
		c.FirstSeen = unstamp(b.firstSeen)
	}
	b.firstSeen, b.goneAt = stamp(c.FirstSeen), 0
	is := facetsOf(&c)
	var was *facets
	if known {
		was = &b.facets
	}
	j.change(c.ID, compare(was, is), unstamp(b.firstAt))
	if is.Status == Exposed {
		j.point.Open[c.Severity]++
		j.days += days(j.at.Sub(unstamp(b.firstAt)))
	}
	doc, err := packJSON(bareOne(c))
	if err != nil {
		return err
	}
	return j.write(c.ID, b, was, is, doc)
}

// write stores the credential as it is now, and a version if it is not what it was.
func (j *judgement) write(id string, b before, was *facets, is facets, doc []byte) error {
	text, err := json.Marshal(is)
	if err != nil {
		return err
	}
	if err := j.current.add(id, string(is.Status), b.firstRun, b.firstAt, b.firstSeen, j.run.ID, b.goneAt, string(text), doc); err != nil {
		return err
	}
	if was != nil {
		before, err := json.Marshal(was)
		if err != nil || string(before) == string(text) {
			return err
		}
	}
	return j.versions.add(id, j.run.ID, j.seq, stamp(j.run.Started), string(is.Status), b.goneAt, string(text), doc)
}

func (j *judgement) change(id string, c Change, since time.Time) {
	j.point.Changes[c.What]++
	c.Run, c.At, c.Credential = j.run.ID, j.at, id
	switch c.What {
	case Still:
		return
	case Vanished, WasRotate, WasRevoke:
		j.point.Closed++
		j.closed += days(j.at.Sub(since))
	}
	j.changes = append(j.changes, c)
}

// vanish looks at what no target holds any more.
func (j *judgement) vanish(looked func(string) bool) error {
	seen, err := j.t.lookedAt(looked)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(j.known)) {
		b := j.known[id]
		if j.held[id] || b.facets.Status == Cleared {
			continue
		}
		unseen := slices.ContainsFunc(b.facets.Targets, func(t string) bool { return !seen(t) })
		if unseen {
			if b.facets.Status == Exposed { // as far as anybody knows
				j.point.Open[b.facets.Severity]++
				j.days += days(j.at.Sub(unstamp(b.firstAt)))
			}
			continue
		}
		is := b.facets
		is.Status = Cleared
		b.goneAt = stamp(j.at)
		j.change(id, Change{What: Vanished, Was: b.facets.Severity, Is: b.facets.Severity}, unstamp(b.firstAt))
		if err := j.cleared(id, b, is); err != nil {
			return err
		}
	}
	return nil
}

// cleared stores a credential as gone, with the text that is there.
func (j *judgement) cleared(id string, b before, is facets) error {
	text, err := json.Marshal(is)
	if err != nil {
		return err
	}
	if _, err := j.t.exec("UPDATE credentials SET status = $1, gone_at = $2, facets = $3 WHERE id = $4", string(is.Status), b.goneAt, string(text), id); err != nil {
		return err
	}
	_, err = j.t.exec(`INSERT INTO versions (credential, run, seq, started, status, gone_at, facets, doc)
		SELECT id, $1, $2, $3, status, gone_at, facets, doc FROM credentials WHERE id = $4`, j.run.ID, j.seq, stamp(j.run.Started), id)
	return err
}

// lookedAt wraps looked by what the store knows of targets that are gone or had another name.
func (t *Tx) lookedAt(looked func(string) bool) (func(string) bool, error) {
	gone, now := map[string]bool{}, map[string]string{}
	err := t.each(func(scan func(...any) error) error {
		var name, was string
		var at int64
		if err := scan(&name, &was, &at); err != nil {
			return err
		}
		var names []string
		if err := json.Unmarshal([]byte(was), &names); err != nil {
			return err
		}
		for _, n := range names {
			now[n] = name
		}
		if at != 0 {
			gone[name] = true
		}
		return nil
	}, "SELECT name, was, gone FROM targets WHERE gone <> 0 OR was <> '[]'")
	return func(name string) bool {
		today, renamed := now[name]
		return looked(name) || gone[name] || renamed && (looked(today) || gone[today])
	}, err
}

func (j *judgement) finish(items Items) error {
	if err := j.current.flush(); err != nil {
		return err
	}
	if err := j.versions.flush(); err != nil {
		return err
	}
	slices.SortFunc(j.changes, func(a, b Change) int { return cmp.Compare(a.Credential, b.Credential) })
	rows := j.t.into("changes", "", changeColumns...)
	for _, c := range j.changes {
		if err := rows.add(c.Run, c.Credential, stamp(c.At), string(c.What), string(c.Was), string(c.Is), c.Detail); err != nil {
			return err
		}
	}
	if err := rows.flush(); err != nil {
		return err
	}
	if err := j.items(items); err != nil {
		return err
	}
	j.point.finish(j.days, j.closed)
	doc, err := packJSON(j.point)
	if err != nil {
		return err
	}
	if _, err := j.t.exec("INSERT INTO points (run, at, doc) VALUES ($1, $2, $3)", j.run.ID, stamp(j.at), doc); err != nil {
		return err
	}
	_, err = j.t.exec("UPDATE runs SET judged = $1 WHERE id = $2", j.seq, j.run.ID)
	return err
}

func (j *judgement) items(all Items) error {
	rows := j.t.into("items", "", "run", "part", "doc")
	part := 0
	add := func(i Items) error {
		doc, err := packJSON(i)
		if err != nil {
			return err
		}
		part++
		return rows.add(j.run.ID, part, doc)
	}
	for some := range slices.Chunk(all.Notices, chunk) {
		if err := add(Items{Notices: some}); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(all.References, chunk) {
		if err := add(Items{References: some}); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(all.Inventory, chunk) {
		if err := add(Items{Inventory: some}); err != nil {
			return err
		}
	}
	return rows.flush()
}

func days(d time.Duration) float64 { return d.Hours() / 24 }
