package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"os"
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
	sum := sha256.Sum256(content)
	main := cdx.Component{
		BOMRef: "program", Type: cdx.ComponentTypeApplication, Name: name, Version: "v" + r.version,
		Description: summary, Licenses: &cdx.Licenses{{License: &cdx.License{ID: license}}},
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
	}
	goVersion := strings.TrimPrefix(info.GoVersion, "go")
	parts := []cdx.Component{{BOMRef: "pkg:golang/std@" + goVersion, PackageURL: "pkg:golang/std@" + goVersion, Type: cdx.ComponentTypeLibrary, Name: "std", Version: goVersion}}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		purl := fmt.Sprintf("pkg:golang/%s@%s?type=module", m.Path, strings.ReplaceAll(m.Version, "+", "%2B"))
		part := cdx.Component{BOMRef: purl, PackageURL: purl, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version}
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
	bom.Metadata = &cdx.Metadata{Timestamp: r.time.Format(time.RFC3339), Component: &main}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &needs}}
	return r.write(fmt.Sprintf("%s_%s_%s_%s.cdx.json", name, r.version, b.os, b.arch), func(w io.Writer) error {
		return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
	})
}
