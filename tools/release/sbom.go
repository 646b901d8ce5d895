package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/uuid"
)

// sbom writes what the program is made of, as the program itself says: the
// modules that are linked into it and the standard library.
func (r *release) sbom(b binary, _ []file) error {
	content, err := os.ReadFile(b.path)
	if err != nil {
		return err
	}
	info, err := buildinfo.ReadFile(b.path)
	if err != nil {
		return err
	}
	known, err := r.licenses()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	main := component(info.Main.Path, "v"+r.version, license)
	main.Type, main.Description = cdx.ComponentTypeApplication, summary
	main.Supplier = &cdx.OrganizationalEntity{Name: authors}
	main.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	parts := []cdx.Component{component("std", strings.TrimPrefix(info.GoVersion, "go"), "BSD-3-Clause")}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		its, ok := known[m.Path+" "+m.Version]
		if !ok {
			return fmt.Errorf("%s does not list %s %s", thirdParty, m.Path, m.Version)
		}
		part := component(m.Path, m.Version, its)
		if m.Sum != "" {
			// go.sum's hash is of the module's files, not of one file, and so no
			// hash that CycloneDX knows.
			part.Properties = &[]cdx.Property{{Name: "golang:sum", Value: m.Sum}}
		}
		parts = append(parts, part)
	}
	var needs []string
	for _, p := range parts {
		needs = append(needs, p.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = uuid.NewSHA1(uuid.NameSpaceURL, sum[:]).URN() // the same for the same program
	bom.Metadata = &cdx.Metadata{Timestamp: r.time.Format(time.RFC3339), Component: &main, Authors: &[]cdx.OrganizationalContact{{Name: authors}}}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &needs}}
	return r.write(fmt.Sprintf("%s_%s_%s_%s.cdx.json", name, r.version, b.os, b.arch), func(w io.Writer) error {
		return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
	})
}

// component is a module of Go's: https://github.com/package-url/purl-spec. Its
// path is written as Go does, in capitals, too, because that is the name that
// databases of vulnerabilities have.
func component(path, version, license string) cdx.Component {
	purl := fmt.Sprintf("pkg:golang/%s@%s", path, strings.ReplaceAll(version, "+", "%2B"))
	return cdx.Component{
		BOMRef: purl, PackageURL: purl, Type: cdx.ComponentTypeLibrary, Name: path, Version: version,
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: license}}},
	}
}

// licenses are those of the modules, by path and version, as the list at the head
// of THIRD_PARTY_LICENSES has them.
func (r *release) licenses() (map[string]string, error) {
	content, err := os.ReadFile(filepath.Join(r.root, thirdParty))
	if err != nil {
		return nil, err
	}
	list, _, _ := strings.Cut(string(content), "\n---")
	known := map[string]string{}
	for line := range strings.Lines(list) {
		if words := strings.Fields(line); strings.HasPrefix(line, "  ") && len(words) == 3 {
			known[words[1]+" "+words[2]] = words[0]
		}
	}
	return known, nil
}
