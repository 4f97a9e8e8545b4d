package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

var targetColumns = []string{
	"target_key", "name", "was", "kind", "root", "url", "host", "repository", "default_branch", "visibility", "archived", "fork", "topics", "pushed", "size", "gone",
}

// page is how many targets are looked up by one statement.
const page = 500

// PutTargets says that a run's lists name these targets, and returns them with their ids. What is known of a target with the same Key
// is replaced. One that was not listed before in this run is Pending. One whose Name has changed was renamed, and one that was gone
// is back: the first is scanned anew, since what it held carries its old name. The last of two with one Key stands.
func (t *Tx) PutTargets(run int64, ts []Target) ([]Target, error) {
	out := slices.Clone(ts)
	for at := 0; at < len(out); at += page {
		if err := t.putPage(run, out[at:min(at+page, len(out))]); err != nil {
			return nil, fmt.Errorf("list targets: %w", err)
		}
	}
	return out, nil
}

// stored is what the database has of a target before it is listed again.
type stored struct {
	id   int64
	name string
	was  []string
	gone bool
}

func (t *Tx) putPage(run int64, ts []Target) error {
	keys := make([]string, 0, len(ts))
	last := map[string]*Target{}
	for i := range ts {
		if last[ts[i].Key] == nil {
			keys = append(keys, ts[i].Key)
		}
		last[ts[i].Key] = &ts[i]
	}
	before, err := t.stored(keys)
	if err != nil {
		return err
	}
	var renamed, back []int64
	rows := t.into("targets", conflict("target_key", targetColumns[1:len(targetColumns)-1]), targetColumns...)
	for _, k := range keys {
		now, b := last[k], before[k]
		if b.id != 0 && b.name != text(now.Name) {
			renamed = append(renamed, b.id)
			b.was = append(slices.DeleteFunc(b.was, func(n string) bool { return n == b.name }), b.name)
		}
		if b.gone {
			back = append(back, b.id)
		}
		values, err := row(now, b.was)
		if err != nil {
			return err
		}
		if err := rows.add(values...); err != nil {
			return err
		}
	}
	if err := rows.flush(); err != nil {
		return err
	}
	if before, err = t.stored(keys); err != nil {
		return err
	}
	outcomes := t.into("outcomes", "ON CONFLICT (run, target) DO NOTHING", "run", "target", "state", "reason", "detail", "tries", "at")
	at := stamp(t.s.now())
	for _, k := range keys {
		if err := outcomes.add(run, before[k].id, string(Pending), "", "", 0, at); err != nil {
			return err
		}
	}
	if err := outcomes.flush(); err != nil {
		return err
	}
	for i := range ts {
		ts[i].ID = before[ts[i].Key].id
	}
	return t.returned(run, renamed, back)
}

// returned forgets what renamed targets were scanned by, and takes back that others are gone, unless this very run said so.
func (t *Tx) returned(run int64, renamed, back []int64) error {
	for _, id := range renamed {
		if err := t.forget(id); err != nil {
			return err
		}
	}
	for _, id := range back {
		if _, err := t.exec(`UPDATE targets SET gone = 0 WHERE id = $1 AND NOT EXISTS
			(SELECT 1 FROM outcomes WHERE run = $2 AND target = $1 AND state = $3)`, id, run, string(Gone)); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) forget(target int64) error {
	if _, err := t.exec("UPDATE scans SET refs = '', print = '', rules = '', complete = 0, objects = 0 WHERE target = $1", target); err != nil {
		return err
	}
	_, err := t.exec("DELETE FROM seen WHERE target = $1", target)
	return err
}

func (t *Tx) stored(keys []string) (map[string]stored, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	all := make(map[string]stored, len(keys))
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = text(k)
	}
	err := t.each(func(scan func(...any) error) error {
		var key, was string
		var s stored
		var gone int64
		if err := scan(&s.id, &key, &s.name, &was, &gone); err != nil {
			return err
		}
		s.gone = gone != 0
		all[key] = s
		return json.Unmarshal([]byte(was), &s.was)
	}, "SELECT id, target_key, name, was, gone FROM targets WHERE target_key IN ("+places(1, len(keys))+")", args...)
	return all, err
}

// conflict is the clause that turns an insert into an update of these columns.
func conflict(key string, columns []string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = excluded." + c
	}
	return "ON CONFLICT (" + key + ") DO UPDATE SET " + strings.Join(set, ", ")
}

func row(t *Target, was []string) ([]any, error) {
	topics, err := json.Marshal(nonNil(t.Topics))
	if err != nil {
		return nil, err
	}
	names, err := json.Marshal(nonNil(was))
	if err != nil {
		return nil, err
	}
	return []any{
		text(t.Key), text(t.Name), text(string(names)), string(t.Kind), text(t.Root), text(t.URL), text(t.Host), text(t.Repository), text(t.DefaultBranch),
		text(t.Visibility), flag(t.Archived), flag(t.Fork), text(string(topics)), stamp(t.Pushed), t.Size, int64(0),
	}, nil
}

const targetFields = "t.id, t.target_key, t.name, t.kind, t.root, t.url, t.host, t.repository, t.default_branch, t.visibility, t.archived, t.fork, t.topics, t.pushed, t.size"

// targetRow scans targetFields.
type targetRow struct {
	Target
	kind, topics           string
	archived, fork, pushed int64
}

func (r *targetRow) fields() []any {
	return []any{
		&r.ID, &r.Key, &r.Name, &r.kind, &r.Root, &r.URL, &r.Host, &r.Repository, &r.DefaultBranch, &r.Visibility, &r.archived, &r.fork, &r.topics, &r.pushed, &r.Size,
	}
}

func (r *targetRow) target() (Target, error) {
	r.Kind, r.Archived, r.Fork, r.Pushed = Kind(r.kind), r.archived != 0, r.fork != 0, unstamp(r.pushed)
	if err := json.Unmarshal([]byte(r.topics), &r.Topics); err != nil {
		return Target{}, err
	}
	return r.Target, nil
}

// Target is a target by the id of its row; ErrNone where there is none.
func (t *Tx) Target(id int64) (Target, error) {
	return t.target(fmt.Sprintf("target %d", id), "t.id = $1", id)
}

// TargetByName is the target of that name, the one that is not gone where several have had it, and of them the newest; ErrNone where
// there is none.
func (t *Tx) TargetByName(name string) (Target, error) {
	return t.target("target "+name, "t.name = $1 ORDER BY CASE t.gone WHEN 0 THEN 0 ELSE 1 END, t.id DESC LIMIT 1", text(name))
}

func (t *Tx) target(what, where string, arg any) (Target, error) {
	var r targetRow
	ok, err := t.one("SELECT "+targetFields+" FROM targets t WHERE "+where, []any{arg}, r.fields()...)
	if err == nil && !ok {
		err = ErrNone
	}
	if err != nil {
		return Target{}, fmt.Errorf("%s: %w", what, err)
	}
	return r.target()
}

// Targets are those of a root that are not gone, by name.
func (t *Tx) Targets(root string) ([]Target, error) {
	var all []Target
	err := t.each(func(scan func(...any) error) error {
		var r targetRow
		if err := scan(r.fields()...); err != nil {
			return err
		}
		one, err := r.target()
		all = append(all, one)
		return err
	}, "SELECT "+targetFields+" FROM targets t WHERE t.root = $1 AND t.gone = 0 ORDER BY t.name", text(root))
	if err != nil {
		return nil, fmt.Errorf("targets of %s: %w", root, err)
	}
	return all, nil
}
