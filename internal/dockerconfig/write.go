package dockerconfig

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"docker-credential-acr/internal/privatefile"
)

// What stands in the way of writing a file, beside what can be wrong in it.
const (
	// NotRegular: it is a directory, a device or the like.
	NotRegular ProblemCode = "not-regular"
	// ReadOnly: it must not be written. Key is the file that a link leads to, where
	// there is one.
	ReadOnly ProblemCode = "read-only"
	// DiskReadOnly: it is on a disk that is not written.
	DiskReadOnly ProblemCode = "disk-read-only"
	// Unreadable: it belongs to somebody else, and only they may read it.
	Unreadable ProblemCode = "unreadable"
	// OtherOwner: it belongs to somebody else, and must not be written, or a new
	// file could not belong to them.
	OtherOwner ProblemCode = "other-owner"
	// NoDirectory: Key, on the way to it, is a file and should be a directory.
	NoDirectory ProblemCode = "no-directory"
	// DirectoryReadOnly: no file can be made beside it, in the directory Key.
	DirectoryReadOnly ProblemCode = "directory-read-only"
	// DanglingLink: it is a link to Key, in a directory that is not there.
	DanglingLink ProblemCode = "dangling-link"
	// Mounted: it is mounted by itself, as into a container, and cannot be
	// replaced in one step.
	Mounted ProblemCode = "mounted"
	// Contended: others change it all the time.
	Contended ProblemCode = "contended"
	// NoHome: it has no place, because there is no home directory.
	NoHome ProblemCode = "no-home"
)

// target follows the links at path to where the file is, or would be.
func target(path string) (string, error) {
	at := path
	for range 40 { // as many as Linux follows
		info, err := os.Lstat(at)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			break
		}
		to, err := os.Readlink(at)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(at), to)
		}
		at = to
	}
	if at == path {
		return at, nil
	}
	if _, err := os.Stat(filepath.Dir(at)); err != nil {
		return "", &Problem{Code: DanglingLink, Key: at}
	}
	return at, nil
}

// state is a file as it was read.
type state struct {
	exists  bool
	content []byte
	info    fs.FileInfo
}

// readState reads the file at path. It waits for nobody: a pipe, say, is no
// regular file.
func readState(path string) (state, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return state{}, nil
	case errors.Is(err, syscall.ENOTDIR):
		return state{}, &Problem{Code: NoDirectory, Key: notDirectory(path)}
	case errors.Is(err, fs.ErrPermission):
		return state{}, &Problem{Code: Unreadable}
	case err != nil:
		return state{}, err
	case !info.Mode().IsRegular():
		return state{}, &Problem{Code: NotRegular}
	}
	content, err := readBounded(path)
	if errors.Is(err, fs.ErrPermission) {
		err = &Problem{Code: Unreadable}
	}
	return state{true, content, info}, err
}

// notDirectory is the file that stands on the way to path.
func notDirectory(path string) string {
	for {
		path = filepath.Dir(path)
		if _, err := os.Stat(path); err == nil || path == filepath.Dir(path) {
			return path
		}
	}
}

// readBounded reads a file; of one that is too large, as much as shows that.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}

// writable reports what keeps a file from being replaced. Renaming asks for no
// right to the file itself; whoever has taken it away meant it, also for root.
func writable(path string, s state, linked bool) error {
	if !s.exists {
		return nil
	}
	readOnly := &Problem{Code: ReadOnly}
	if linked {
		readOnly.Key = path
	}
	if s.info.Mode().Perm()&0o200 == 0 {
		return readOnly
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		switch {
		case errors.Is(err, fs.ErrPermission) && otherOwner(s.info):
			return &Problem{Code: OtherOwner}
		case errors.Is(err, fs.ErrPermission):
			return readOnly
		case isReadOnlyDisk(err):
			return &Problem{Code: DiskReadOnly}
		}
		return err
	}
	return f.Close()
}

// temporary is how the names of this program's unfinished versions of a file
// begin.
func temporary(path string) string { return "." + filepath.Base(path) + "." + Program + "-" }

// prepare writes content into a new file beside path, with the rights and the
// owner of the old one. On an error nothing is left.
func prepare(path string, s state, content []byte) (name string, err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, temporary(path)+"*") // 0600 from birth
	if err != nil {
		if errors.Is(err, fs.ErrPermission) || isReadOnlyDisk(err) {
			err = &Problem{Code: DirectoryReadOnly, Key: dir}
		}
		return "", err
	}
	if s.exists {
		err = errors.Join(likewise(f, s.info), f.Chmod(s.info.Mode().Perm()))
	} else {
		err = inherit(f, dir)
	}
	if err == nil {
		_, err = f.Write(content)
	}
	if err == nil {
		err = f.Sync() // a rename that survives a power cut before its content would be an empty file
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
	}
	return f.Name(), err
}

// makeDirectory makes a directory of the user's own, mode 0700, with what leads
// to it.
func makeDirectory(dir string) error {
	there := dir
	for {
		if _, err := os.Stat(there); !errors.Is(err, fs.ErrNotExist) || there == filepath.Dir(there) {
			break
		}
		there = filepath.Dir(there)
	}
	missing, err := filepath.Rel(there, dir)
	if err != nil || missing == "." {
		return err
	}
	// Below the open directory nobody can lead root elsewhere by a link.
	root, err := os.OpenRoot(there)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	made := ""
	for _, name := range strings.Split(missing, string(filepath.Separator)) {
		made = filepath.Join(made, name)
		err := root.Mkdir(made, 0o700)
		switch {
		case err == nil:
			err = inheritDirectory(root, made)
		case errors.Is(err, fs.ErrExist):
			continue
		case errors.Is(err, fs.ErrPermission), isReadOnlyDisk(err):
			err = &Problem{Code: DirectoryReadOnly, Key: filepath.Join(there, filepath.Dir(made))}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errChanged is the error of put and take where somebody else has changed the
// file. What they wrote is in place.
var errChanged = errors.New("changed meanwhile")

// put puts a prepared file in the place of path, if that is still as s. The file is
// gone from its own place afterwards.
//
// Docker and podman take no lock when they write; they rename, as this does.
// Where the system can exchange two files in one step, what was there is looked at
// afterwards, and goes back if it is not what was expected: nothing of theirs is
// lost. Elsewhere there is a moment between the look and the rename.
func put(prepared, path string, s state, content []byte) error {
	err := replace(prepared, path, s)
	if err != nil {
		_ = os.Remove(prepared)
		return err
	}
	for in, expected := content, s.content; ; {
		out, err := os.ReadFile(prepared)
		switch {
		case errors.Is(err, fs.ErrNotExist): // not exchanged but moved
			return nil
		case err != nil:
			return err
		case bytes.Equal(out, expected):
			err = os.Remove(prepared)
			if bytes.Equal(in, content) && bytes.Equal(expected, s.content) {
				return err
			}
			return errors.Join(errChanged, err)
		}
		// Others have written out, which goes back, until what comes out of the
		// place is what went in.
		if err := exchange(prepared, path); err != nil {
			return err
		}
		in, expected = out, in
	}
}

// replace puts a prepared file in the place of path: exchanged with the one there,
// where there is one and the system can.
func replace(prepared, path string, s state) error {
	if !s.exists {
		return moveTo(prepared, path)
	}
	err := exchange(prepared, path)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, s.content) {
			return errChanged
		}
		return privatefile.Rename(prepared, path)
	case errors.Is(err, fs.ErrNotExist):
		return errChanged
	}
	return err
}

// take deletes a file, if it is still as s.
func take(path string, s state) error {
	aside, err := prepare(path, s, nil)
	if err != nil {
		return err
	}
	if err := privatefile.Rename(path, aside); err != nil {
		_ = os.Remove(aside)
		return err
	}
	if was, err := os.ReadFile(aside); err != nil || !bytes.Equal(was, s.content) {
		return errors.Join(errChanged, moveTo(aside, path))
	}
	return os.Remove(aside)
}

// sweep deletes what killed runs left beside path: it holds what the file held.
// The caller has the lock, so nobody is at it.
func sweep(path string) {
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), temporary(path))
		if ours && e.Type().IsRegular() && strings.Trim(number, "0123456789") == "" {
			_ = os.Remove(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
}
