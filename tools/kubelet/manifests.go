package main

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

// manifests reads objects as the API server does that is told to be strict, and
// prints the kind of each.
func manifests(stdin io.Reader, stdout io.Writer) error {
	text, err := io.ReadAll(stdin)
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for manifest := range strings.SplitSeq(string(text), "\n---\n") {
		_, kind, err := decoder.Decode([]byte(manifest), nil, nil)
		if err != nil {
			return fmt.Errorf("%w in\n%s", err, manifest)
		}
		if _, err := fmt.Fprintln(stdout, kind.Kind); err != nil {
			return err
		}
	}
	return nil
}
