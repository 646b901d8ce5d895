package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// chartFiles are a Helm chart named demo.
var chartFiles = map[string]string{
	"demo/Chart.yaml":          "apiVersion: v2\nname: demo\nversion: 1.0.0\ndescription: a chart for a demo\n",
	"demo/values.yaml":         "greeting: hello\n",
	"demo/templates/demo.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: demo\ndata:\n  greeting: {{ .Values.greeting }}\n",
}

// chart is pushed and pulled by helm, which nil stands for, or copied as the OCI
// artifact that helm would make.
func (t *tour) chart(ctx context.Context, c *copier) error {
	if c == nil {
		return t.chartByHelm(ctx)
	}
	return t.chartByCopy(ctx, c)
}

func (t *tour) chartByHelm(ctx context.Context) error {
	for name, text := range chartFiles {
		name = filepath.Join(t.sandbox.work, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := t.sandbox.quietly(ctx, "helm", "package", "demo"); err != nil {
		return err
	}
	packed, pulled := filepath.Join(t.sandbox.work, "demo-1.0.0.tgz"), filepath.Join(t.sandbox.work, "pulled")
	if err := os.Mkdir(pulled, 0o700); err != nil {
		return err
	}
	if err := t.step(ctx, step{
		title: "Push a Helm chart (of helm package demo)",
		run:   command{name: "helm", args: []string{"push", "demo-1.0.0.tgz", "oci://" + charts}},
	}); err != nil {
		return err
	}
	return t.step(ctx, step{
		title: "Pull the chart",
		run:   command{name: "helm", args: []string{"pull", "oci://" + charts + "/demo", "--version", "1.0.0", "-d", "pulled"}},
		verify: func() (string, error) {
			want, err := os.ReadFile(packed)
			if err != nil {
				return "", err
			}
			got, err := os.ReadFile(filepath.Join(pulled, "demo-1.0.0.tgz"))
			if err == nil && !bytes.Equal(got, want) {
				err = errDiffers
			}
			return "same file", err
		},
	})
}

func (t *tour) chartByCopy(ctx context.Context, c *copier) error {
	want, err := writeChart(filepath.Join(t.sandbox.work, "chart"))
	if err != nil {
		return err
	}
	if err := t.step(ctx, step{
		title: "Push a Helm chart, an OCI artifact like any other",
		run:   c.pushLayout("chart", chartRef),
	}); err != nil {
		return err
	}
	return t.step(ctx, step{
		title: "Pull the chart",
		run:   c.pullLayout(chartRef, "chart2"),
		verify: func() (string, error) {
			return "same digest", sameLayout(filepath.Join(t.sandbox.work, "chart2"), want)
		},
	})
}

// writeChart makes an OCI layout of the chart, as helm push sends it.
func writeChart(dir string) (v1.Hash, error) {
	data, err := archive(chartFiles)
	if err != nil {
		return v1.Hash{}, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(data); err != nil {
		return v1.Hash{}, err
	}
	if err := z.Close(); err != nil {
		return v1.Hash{}, err
	}
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		return v1.Hash{}, err
	}
	blob := func(kind types.MediaType, data []byte) (v1.Descriptor, error) {
		h, n, err := v1.SHA256(bytes.NewReader(data))
		if err != nil {
			return v1.Descriptor{}, err
		}
		return v1.Descriptor{MediaType: kind, Size: n, Digest: h}, l.WriteBlob(h, io.NopCloser(bytes.NewReader(data)))
	}
	config, err := blob("application/vnd.cncf.helm.config.v1+json", []byte(`{"apiVersion":"v2","name":"demo","version":"1.0.0","description":"a chart for a demo"}`))
	if err != nil {
		return v1.Hash{}, err
	}
	content, err := blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", packed.Bytes())
	if err != nil {
		return v1.Hash{}, err
	}
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: config, Layers: []v1.Descriptor{content},
	})
	if err != nil {
		return v1.Hash{}, err
	}
	d, err := blob(types.OCIManifestSchema1, manifest)
	if err != nil {
		return v1.Hash{}, err
	}
	return d.Digest, l.AppendDescriptor(d)
}
