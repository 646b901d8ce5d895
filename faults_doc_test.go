package main_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	namedScript = regexp.MustCompile("`(\\w+\\.txtar)`")
)

// Every test that a page of the documentation names is there.
func TestDocumentedTestsExist(t *testing.T) {
	var code bytes.Buffer
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		code.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, page := range pages(t) {
		for _, m := range namedTest.FindAllStringSubmatch(page, -1) {
			found++
			if !bytes.Contains(code.Bytes(), []byte("\nfunc "+m[1]+"(t *testing.T)")) {
				t.Errorf("%s names %s, which is not there", path, m[1])
			}
		}
		for _, m := range namedScript.FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join("testdata", "script", m[1])); err != nil {
				t.Errorf("%s names %s: %v", path, m[1], err)
			}
		}
	}
	if found == 0 {
		t.Error("no page names a test")
	}
}
