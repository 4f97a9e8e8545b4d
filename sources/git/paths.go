package git

import "strings"

// The functions of this file take the platform's habits as arguments, so that those of Windows are tested anywhere.

// slash gives a path of a platform with separator sep its slash form.
func slash(path string, sep byte) string {
	if sep == '/' {
		return path
	}
	return strings.ReplaceAll(path, string(sep), "/")
}

// absolute reports whether a path stands for itself. On Windows that is a drive with a root or a share; "\x" and "C:x" depend
// on a current drive and are not.
func absolute(path string, windows bool) bool {
	if !windows {
		return strings.HasPrefix(path, "/")
	}
	p := slash(path, '\\')
	if strings.HasPrefix(p, "//") {
		return true
	}
	return len(p) >= 3 && p[1] == ':' && p[2] == '/' && (p[0]|0x20) >= 'a' && (p[0]|0x20) <= 'z'
}

// resolve reads a path that git has written into a file (gitdir, commondir), which is relative to base. Git writes slashes
// on every platform; the result has the platform's separator and is not cleaned.
func resolve(base, path string, windows bool) string {
	if windows {
		path = strings.ReplaceAll(path, "/", `\`)
	}
	switch {
	case absolute(path, windows):
		return path
	case windows:
		return strings.TrimRight(base, `\/`) + `\` + path
	}
	return strings.TrimRight(base, "/") + "/" + path
}
