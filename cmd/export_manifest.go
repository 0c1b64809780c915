package cmd

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"pinseal/seal"
)

// exportManifest is the file in a directory of export --dir that says which others
// are its own: the line of the format, then their names, sorted, one per line. Nothing
// else proves that a file may be replaced or deleted. It may name more than is there.
const exportManifest = ".pinseal-export"

const manifestFormat = "pinseal export-dir/v1"

// maxManifest is the largest manifest in bytes.
const maxManifest = 1 << 20

func formatManifest(names []string) []byte {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	return []byte(strings.Join(append([]string{manifestFormat}, names...), "\n") + "\n")
}

// parseManifest returns the names, which are names of secrets. There is one spelling.
func parseManifest(data []byte) (names []string, ok bool) {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, name := range lines[1:] {
		if seal.CheckSecretName(name) != nil {
			return nil, false
		}
	}
	return lines[1:], bytes.Equal(formatManifest(lines[1:]), data)
}

// readManifest returns the names of the manifest of a directory, if there is one.
func readManifest(root *os.Root) (names []string, found bool, err error) {
	info, err := root.Lstat(exportManifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, asUsage(errors.New(reasonOf(err)))
	case !info.Mode().IsRegular() || info.Size() > maxManifest:
		return nil, false, usage(nil, "holds a %q that is not as export writes it", exportManifest)
	}
	data, err := root.ReadFile(exportManifest)
	if err != nil {
		return nil, false, asUsage(errors.New(reasonOf(err)))
	}
	names, ok := parseManifest(data)
	if !ok {
		return nil, false, usage(nil, "holds a %q that is not as export writes it", exportManifest)
	}
	return names, true, nil
}

// writeManifest puts a manifest in the place of the one that is there.
func writeManifest(root *os.Root, names []string) error {
	temp := tempPrefix + exportManifest
	err := writeNew(root, temp, formatManifest(names), 0o400)
	if err == nil {
		makeReplaceable(root, exportManifest)
		err = root.Rename(temp, exportManifest)
	}
	if err != nil {
		root.Remove(temp)
		return errors.New(writeReason(err))
	}
	return nil
}

// makeReplaceable lets a file of ours be replaced on Windows, which replaces none that
// cannot be written. Where that fails, replacing it does.
func makeReplaceable(root *os.Root, name string) {
	if runtime.GOOS == "windows" {
		root.Chmod(name, 0o600)
	}
}
