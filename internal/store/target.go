package store

import (
	"encoding/json"
	"fmt"
	"maps"
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
	Target
	was  []string // earlier names
	gone bool
}

// putPage writes what is new or has changed: most of what a night lists is neither.
func (t *Tx) putPage(run int64, ts []Target) error {
	keys := make([]string, 0, len(ts))
	last := map[string]*Target{}
	for i := range ts {
		k := text(ts[i].Key)
		if last[k] == nil {
			keys = append(keys, k)
		}
		last[k] = &ts[i]
	}
	before, err := t.stored(keys)
	if err != nil {
		return err
	}
	var renamed, back []int64
	var added []string
	rows := t.into("targets", conflict("target_key", targetColumns[1:len(targetColumns)-1]), targetColumns...)
	for _, k := range keys {
		b, known := before[k]
		is, err := row(last[k], b.was)
		if err != nil {
			return err
		}
		if known {
			was, err := row(&b.Target, b.was)
			if err != nil {
				return err
			}
			if b.gone {
				back = append(back, b.ID)
			}
			if slices.Equal(was, is) {
				continue
			}
			if b.Name != text(last[k].Name) {
				renamed = append(renamed, b.ID)
				if is, err = row(last[k], append(slices.DeleteFunc(b.was, func(n string) bool { return n == b.Name }), b.Name)); err != nil {
					return err
				}
			}
		} else {
			added = append(added, k)
		}
		if err := rows.add(is...); err != nil {
			return err
		}
	}
	if err := rows.flush(); err != nil {
		return err
	}
	fresh, err := t.stored(added)
	if err != nil {
		return err
	}
	maps.Copy(before, fresh)
	if err := t.pending(run, keys, before); err != nil {
		return err
	}
	for i := range ts {
		ts[i].ID = before[text(ts[i].Key)].ID
	}
	return t.returned(run, renamed, back)
}

// pending says that targets are to be scanned in a run, where nothing was said of them in it yet.
func (t *Tx) pending(run int64, keys []string, of map[string]stored) error {
	rows := t.into("outcomes", "ON CONFLICT (run, target) DO NOTHING", "run", "target", "state", "reason", "detail", "tries", "at")
	at := stamp(t.s.now())
	for _, k := range keys {
		if err := rows.add(run, of[k].ID, string(Pending), "", "", 0, at); err != nil {
			return err
		}
	}
	return rows.flush()
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
	all := make(map[string]stored, len(keys))
	if len(keys) == 0 {
		return all, nil
	}
	args := make([]any, len(keys))
	for i, k := range keys {
		args[i] = k
	}
	err := t.each(func(scan func(...any) error) error {
		var r targetRow
		var was string
		var gone int64
		if err := scan(append(r.fields(), &was, &gone)...); err != nil {
			return err
		}
		s := stored{gone: gone != 0}
		var err error
		if s.Target, err = r.target(); err != nil {
			return err
		}
		err = json.Unmarshal([]byte(was), &s.was)
		all[s.Key] = s
		return err
	}, "SELECT "+targetFields+", t.was, t.gone FROM targets t WHERE t.target_key IN ("+t.s.engine.marks(len(keys))+")", args...)
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
