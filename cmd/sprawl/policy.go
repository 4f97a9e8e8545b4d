package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/policy"
)

const policyName = policy.File

// loadedPolicy is a policy and where it came from; path is empty where there is no file, and policy is never nil.
type loadedPolicy struct {
	policy *policy.Policy
	path   string // of the file on disk; "" when it came out of a commit or there is none
	data   []byte
	rows   []detectors.Detector // its own kinds
}

// loadPolicy reads the policy that governs a run: the file that --policy names; else, for one local target, its own: from HEAD
// for what is staged, from the base of a range, so that a change cannot switch off its own gate; from the working tree
// otherwise. Several targets have no policy in common.
func (a *app) loadPolicy(ctx context.Context, ts []target, f scanFlags) (loadedPolicy, error) {
	none := loadedPolicy{policy: policy.New(nil)}
	switch {
	case f.policy == "none":
		return none, nil
	case f.policy != "":
		return readPolicy(f.policy, true)
	case len(ts) != 1:
		return none, nil
	}
	t := ts[0]
	switch {
	case t.committed != nil:
		data, err := t.committed(ctx, policyName)
		if errors.Is(err, fs.ErrNotExist) {
			return none, nil
		}
		if err != nil {
			return none, incomplete("sprawl scan --policy FILE names one that can be read", "read %s of %s: %w", policyName, t.name, err)
		}
		return parsePolicy(data, policyName, "")
	case t.root != "":
		return readPolicy(filepath.Join(t.root, policyName), false)
	}
	return none, nil
}

func readPolicy(path string, must bool) (loadedPolicy, error) {
	none := loadedPolicy{policy: policy.New(nil)}
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) && !must {
		return none, nil
	}
	if err != nil {
		return none, usage("sprawl init writes one", "policy: %w", err)
	}
	if !must && !st.Mode().IsRegular() {
		return none, usage("name it with --policy if it is meant", "policy %s is not a plain file", path)
	}
	if st.Size() > policy.MaxSize {
		return none, usage("sprawl baseline prune makes it smaller", "policy %s has %d bytes, %d are read", path, st.Size(), policy.MaxSize)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the target's own policy, or the file the operator named
	if err != nil {
		return none, usage("check its owner and mode", "policy: %w", err)
	}
	return parsePolicy(data, path, path)
}

func parsePolicy(data []byte, name, path string) (loadedPolicy, error) {
	p, err := policy.Parse(data, name)
	if err != nil {
		return loadedPolicy{}, usage("mend the file, or scan with --policy none", "%w", err)
	}
	rows, err := ownRows(p, name)
	if err != nil {
		return loadedPolicy{}, err
	}
	return loadedPolicy{policy: p, path: path, data: data, rows: rows}, nil
}

// fails says which credentials count against the exit code.
func (l loadedPolicy) fails(failOn string) (func(finding.Credential) bool, error) {
	switch failOn {
	case "none":
		return func(finding.Credential) bool { return false }, nil
	case "policy":
		return func(c finding.Credential) bool { return l.policy.Fails(c.Tier, c.Severity) }, nil
	}
	s, err := severityFlag(failOn)
	if err != nil {
		return nil, err
	}
	return func(c finding.Credential) bool { return c.Severity.AtLeast(s) }, nil
}
