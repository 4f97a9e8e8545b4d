package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// job is one remote to be copied, as asked for.
type job struct {
	of   *Mirrors
	ad   address
	auth Auth
	want Remote
}

// specs are what is copied: not the refs that hosting services keep for pull requests, which are others' work.
var specs = []string{"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}

// update makes the folder what the remote is.
func (mir *Mirror) update(ctx context.Context, j *job) error {
	n, err := readNote(mir.Path)
	if err == nil && size(mir.Path) < n.Bytes {
		err = errors.New("it is smaller than it was")
	}
	if err == nil {
		if n.Print == j.want.Print {
			return nil
		}
		if err = j.bring(ctx, mir.Path); err == nil {
			mir.Bytes, err = j.write(mir.Path, n.Bytes)
			return err
		}
		var e *Error
		if !errors.As(err, &e) || e.Kind != Corrupt {
			return err
		}
	}
	if _, there := os.Lstat(mir.Path); there == nil {
		j.of.opts.Log.Warn("damaged copy is fetched anew", "url", j.ad.text, "why", err)
	}
	return mir.clone(ctx, j)
}

// clone makes a new copy, and puts it in the place of the old one once it is whole.
func (mir *Mirror) clone(ctx context.Context, j *job) (err error) {
	dir, err := os.MkdirTemp(filepath.Dir(mir.Path), strings.TrimSuffix(filepath.Base(mir.Path), mirrorEnd)+newMark+"*")
	if err != nil {
		return disk(j.ad.text, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := j.init(ctx, dir); err != nil {
		return err
	}
	if err := j.bring(ctx, dir); err != nil {
		return err
	}
	bytes, err := j.write(dir, 0)
	if err != nil {
		return err
	}
	before := size(mir.Path)
	if err := remove(mir.Path); err != nil {
		return disk(j.ad.text, err)
	}
	if err := os.Rename(dir, mir.Path); err != nil {
		return disk(j.ad.text, err)
	}
	j.of.size.Add(-before)
	mir.Bytes = bytes
	return nil
}

// write notes what the copy holds now, and returns by how much it has grown.
func (j *job) write(dir string, before int64) (grown int64, err error) {
	now := size(dir)
	if err := (note{URL: j.ad.text, Print: j.want.Print, Bytes: now}).write(dir); err != nil {
		return 0, disk(j.ad.text, err)
	}
	return max(now-before, 0), nil
}

// remove takes a mirror away; under a name that sweep knows, should it be interrupted.
func remove(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return discard(strings.TrimSuffix(dir, mirrorEnd), dir)
}

// discard removes a folder of the mirror at base. It is moved first: a git that outlives the process that started it for a moment
// would otherwise go on to fill what is being emptied.
func discard(base, dir string) error {
	old, err := os.MkdirTemp(filepath.Dir(base), filepath.Base(base)+oldMark+"*")
	if err != nil {
		return err
	}
	if err := os.Rename(dir, filepath.Join(old, "repository")); err != nil {
		return errors.Join(err, os.Remove(old))
	}
	return os.RemoveAll(old)
}

func (j *job) init(ctx context.Context, dir string) error {
	if !j.byGit() {
		return j.initGo(dir)
	}
	if err := j.of.opts.Git.Init(ctx, dir, j.want.Format); err != nil {
		out := gitSaid(j.ad.text, j.auth, err)
		if out.Kind == Corrupt {
			out.Kind = Disk // no remote has been asked
		}
		return out
	}
	return nil
}

// bring fetches into a repository and sets its HEAD.
func (j *job) bring(ctx context.Context, dir string) error {
	if err := tidy(dir); err != nil {
		return disk(j.ad.text, err)
	}
	var err error
	switch {
	case j.byGit():
		err = j.fetchGit(ctx, dir)
	case j.ad.http():
		err = j.fetchGo(ctx, dir)
	default:
		err = noGit(j.ad)
	}
	if err != nil || j.want.Head == "" {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: "+j.want.Head+"\n"), 0o600); err != nil {
		return disk(j.ad.text, err)
	}
	return nil
}

// byGit reports whether git does it. Before 2.31 it takes configuration, and with it a credential, from its command line alone.
func (j *job) byGit() bool {
	g := j.of.opts.Git
	return g != nil && (j.auth.Token == "" || g.Version().AtLeast(2, 31))
}

func (j *job) fetchGit(ctx context.Context, dir string) error {
	repo, err := j.of.opts.Git.Repo(dir, nil)
	if err != nil {
		return err
	}
	if err := repo.Mirror(ctx, j.of.from(j.where(), j.auth), specs...); err != nil {
		return gitSaid(j.ad.text, j.auth, err)
	}
	return nil
}

// where is the URL to fetch from: for HTTP the one that Remote was redirected to.
func (j *job) where() string {
	if j.ad.http() {
		return j.want.URL
	}
	return j.ad.git
}

// tidy removes what a killed git had not finished: half written packs, and the locks of refs, of which no ref has the name.
func tidy(dir string) error {
	half, err := filepath.Glob(filepath.Join(escape(dir), "objects", "pack", "tmp_*"))
	locks, e := filepath.Glob(filepath.Join(escape(dir), "*"+gitLock))
	err = errors.Join(err, e, filepath.WalkDir(filepath.Join(dir, "refs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, gitLock) {
			locks = append(locks, path)
		}
		return there(err)
	}))
	for _, f := range append(half, locks...) {
		err = errors.Join(err, there(os.Remove(f)))
	}
	return err
}

// there is the error of something other than that a file is gone.
func there(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// gitLock is how git names the file that it writes in place of another.
const gitLock = ".lock"
