package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sprawl/internal/crawl"
	"sprawl/internal/mirror"
	"sprawl/internal/store"
	"sprawl/sources/github"
	"sprawl/sources/image"
)

// lister makes the list of targets that one argument of a crawl names.
func (a *app) lister(arg string, f *crawlFlags, st *store.Store, n *night) (crawl.Lister, error) {
	scheme, rest, _ := strings.Cut(arg, ":")
	switch {
	case rest == "":
	case scheme == "github":
		return a.githubList(rest, f, st, n)
	case scheme == "list":
		return fileList{path: rest}, nil
	case scheme == "image":
		return imageList{ref: rest, o: n.images}, nil
	}
	return nil, usage("give github:ORGANISATION, list:FILE or image:REGISTRY", "%s: not something to crawl", withoutUserinfo(arg))
}

// githubList lists an organisation's repositories, and its images where they are asked for.
type githubList struct {
	client *github.Client
	owner  string
	root   string
	filter github.Filter
	images bool
	store  *store.Store
}

func (l *githubList) Root() string { return l.root }

// List implements crawl.Lister. A repository that was deleted while the list was read can hide another one behind it, so that each
// one that is missing is asked for by name.
func (l *githubList) List(ctx context.Context, visit func([]store.Target) error) error {
	seen := map[string]bool{}
	page := func(ts []store.Target) error {
		for _, t := range ts {
			seen[t.Key] = true
		}
		return visit(ts)
	}
	err := l.client.Repositories(ctx, l.owner, l.filter, func(rs []github.Repository) error {
		var ts []store.Target
		for i := range rs {
			if t, ok := l.target(&rs[i]); ok {
				ts = append(ts, t)
			}
		}
		return page(ts)
	})
	if err == nil && l.images {
		err = l.client.Packages(ctx, l.owner, func(ps []github.Package) error {
			var ts []store.Target
			for _, p := range ps {
				t := imageTarget(l.root, p.Reference)
				t.Repository, t.Visibility = p.Repository, p.Visibility
				ts = append(ts, t)
			}
			return page(ts)
		})
	}
	if err != nil {
		return limited(err)
	}
	var known []store.Target
	if err := l.store.View(ctx, func(tx *store.Tx) (err error) { known, err = tx.Targets(l.root); return err }); err != nil {
		return err
	}
	for _, t := range known {
		if seen[t.Key] || t.Kind != store.Repository || t.Repository == "" {
			continue
		}
		r, err := l.client.Repository(ctx, t.Repository)
		if errors.Is(err, github.ErrNotFound) {
			continue
		}
		if err != nil {
			return limited(err)
		}
		if again, ok := l.target(&r); ok && again.Key == t.Key && l.filter.Takes(r) {
			if err := visit([]store.Target{again}); err != nil {
				return err
			}
		}
	}
	return nil
}

// hubKey is what a repository of GitHub keeps when it is renamed.
func hubKey(c *github.Client, id int64) string {
	return "github:" + c.Host() + ":" + strconv.FormatInt(id, 10)
}

// target is a repository as the store knows it; ok is false for one that git does not get.
func (l *githubList) target(r *github.Repository) (store.Target, bool) {
	clean, err := mirror.Clean(r.CloneURL)
	if err != nil || r.Disabled {
		return store.Target{}, false
	}
	return store.Target{
		Key: hubKey(l.client, r.ID), Name: "git:" + clean, Kind: store.Repository, Root: l.root, URL: clean, Host: hostOf(clean),
		Repository: r.FullName, DefaultBranch: r.DefaultBranch, Visibility: r.Visibility, Archived: r.Archived, Fork: r.Fork, Topics: r.Topics, Pushed: r.PushedAt,
		Size: r.SizeKB << 10,
	}, true
}

// limited says of an error of GitHub's what the crawl is to do about it.
func limited(err error) error {
	var slow *github.Limited
	var who *github.Unauthorized
	var no *github.Refused
	switch {
	case errors.As(err, &slow):
		return &crawl.Later{After: slow.After, Why: slow.Error()}
	case errors.As(err, &who):
		return &crawl.Refused{Reason: "auth", Detail: who.Error()}
	case errors.As(err, &no):
		return &crawl.Refused{Reason: "auth", Detail: no.Error()}
	case errors.Is(err, github.ErrNotFound):
		return &crawl.Refused{Reason: "not-found", Detail: err.Error()}
	}
	return err
}

// fileList is a file with a target a line: the URL of a repository, or image: and a repository of a registry.
type fileList struct{ path string }

func (l fileList) Root() string { return "list:" + filepath.ToSlash(l.path) }

func (l fileList) List(ctx context.Context, visit func([]store.Target) error) error {
	data, err := os.ReadFile(l.path)
	if err != nil {
		return &crawl.Refused{Reason: "unreadable", Detail: err.Error()}
	}
	var ts []store.Target
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		t, err := listedTarget(ctx, l.Root(), line)
		if err != nil {
			return &crawl.Refused{Reason: "unreadable", Detail: fmt.Sprintf("%s:%d: %s", l.path, n, err)}
		}
		if !seen[t.Key] {
			seen[t.Key] = true
			ts = append(ts, t)
		}
	}
	if err := lines.Err(); err != nil {
		return &crawl.Refused{Reason: "unreadable", Detail: fmt.Sprintf("%s: %s", l.path, err)}
	}
	const page = 500
	for chunk := range slices.Chunk(ts, page) {
		if err := visit(chunk); err != nil {
			return err
		}
	}
	return nil
}

// listedTarget is what a line of a list names.
func listedTarget(ctx context.Context, root, line string) (store.Target, error) {
	if ref, ok := strings.CutPrefix(line, "image:"); ok {
		if strings.ContainsAny(ref, "*?[") || strings.HasSuffix(ref, "/") {
			return store.Target{}, errors.New("name one repository of images: patterns go on the command line")
		}
		repos, err := image.Repositories(ctx, ref, image.Options{})
		if err != nil {
			return store.Target{}, err
		}
		return imageTarget(root, repos[0]), nil
	}
	line = strings.TrimPrefix(line, "git:")
	clean, err := mirror.Clean(line)
	if err != nil {
		return store.Target{}, err
	}
	t := store.Target{Key: "git:" + clean, Name: "git:" + clean, Kind: store.Repository, Root: root, URL: clean, Host: hostOf(clean)}
	switch u, err := url.Parse(line); {
	case err != nil || u.Host == "":
		t.URL = line // ssh's short form, or a path: git@host:path needs its user
	case u.User == nil:
		t.Repository = strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
	default:
		if _, secret := u.User.Password(); secret || u.Scheme != "ssh" {
			return store.Target{}, errors.New("leave the credential out: a token for a host goes into the environment")
		}
		t.URL = line
	}
	return t, nil
}

// imageList is what a registry shows of itself.
type imageList struct {
	ref string
	o   image.Options
}

func (l imageList) Root() string { return "image:" + l.ref }

func (l imageList) List(ctx context.Context, visit func([]store.Target) error) error {
	repos, err := image.Repositories(ctx, l.ref, l.o)
	if err != nil && !errors.Is(err, image.ErrMore) {
		return unlisted(err)
	}
	var ts []store.Target
	for _, r := range repos {
		ts = append(ts, imageTarget(l.Root(), r))
	}
	if verr := visit(ts); verr != nil {
		return verr
	}
	if err != nil {
		return &crawl.Refused{Reason: "limit", Detail: err.Error()}
	}
	return nil
}

// unlisted is unreached, for a list: a registry that is not there is no list that has become empty.
func unlisted(err error) error {
	err = unreached(err)
	var gone *crawl.Gone
	if errors.As(err, &gone) {
		return &crawl.Refused{Reason: "not-found", Detail: gone.Why}
	}
	return err
}

// imageTarget is every tag of a repository of images, HOST/PATH.
func imageTarget(root, ref string) store.Target {
	host, path, _ := strings.Cut(ref, "/")
	return store.Target{Key: "image:" + ref, Name: "image:" + ref, Kind: store.Image, Root: root, URL: ref + ":*", Host: host, Repository: path}
}

// hostOf is whom a clean URL of a remote asks, "" where that is this machine's own disk.
func hostOf(clean string) string {
	if u, err := url.Parse(clean); err == nil && u.Host != "" {
		return strings.ToLower(u.Host)
	}
	if host, _, ok := strings.Cut(clean, ":"); ok && !strings.Contains(host, "/") && len(host) > 1 {
		return strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
	}
	return ""
}
