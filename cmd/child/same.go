package child

import (
	"io"
	"os"
	"runtime"
)

// SameStream reports whether two streams are one: one writer, or files that are
// one file, pipe or terminal, opened once or twice. Who puts something before
// both, a mask for one, must then put one before the two, and give it to [Run]
// as both: else the order of what the program writes is lost.
func SameStream(a, b io.Writer) bool {
	f, isFile := a.(*os.File)
	g, both := b.(*os.File)
	if !isFile || !both || f == nil || g == nil || f == g {
		return sameWriter(a, b)
	}
	one, err := f.Stat()
	if err != nil || runtime.GOOS == "windows" && !one.Mode().IsRegular() {
		return false // Windows does not tell pipes apart
	}
	other, err := g.Stat()
	return err == nil && os.SameFile(one, other)
}

// sameWriter reports whether two streams are one and the same writer, which
// then must get one pipe.
func sameWriter(a, b io.Writer) (same bool) {
	// Comparing two values of an uncomparable type panics.
	defer func() { _ = recover() }()
	return a != nil && a == b
}
