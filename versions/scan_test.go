package versions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pinseal/repo"
	"pinseal/seal"
	"pinseal/versions/leak"
)

// scanFor is a scan for some values, by name.
func scanFor(r *repo.Repo, values ...string) *Scan {
	s := &Scan{Repo: r, Passes: func(string, *Known) (bool, error) { return false, nil }}
	var plain [][]byte
	for _, v := range values {
		plain = append(plain, []byte(v))
		s.Values = append(s.Values, &Known{Secret: seal.NewSecret([]byte(v)), In: []Holding{{"shop", "dev", strings.ToUpper(v[:3])}}})
	}
	s.Patterns, _ = leak.New(plain)
	return s
}

func text(path, content string) ScanItem {
	return ScanItem{Path: path, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

func items(all ...ScanItem) iter.Seq2[ScanItem, error] {
	return func(yield func(ScanItem, error) bool) {
		for _, item := range all {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// ran is what a scan found, as "PATH:LINE+MORE NAME".
func ran(t *testing.T, s *Scan, of iter.Seq2[ScanItem, error]) (found []string, stats ScanStats) {
	t.Helper()
	stats, err := s.Run(context.Background(), of, func(f Finding) error {
		found = append(found, fmt.Sprintf("%s:%d+%d %s", f.Path, f.Line, f.More, f.Known.In[0].Name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, stats
}

func TestScanOrder(t *testing.T) {
	s := scanFor(nil, "one value", "two values")
	var all []ScanItem
	var want []string
	for i := range 500 {
		p := fmt.Sprint("f", i)
		switch {
		case i%7 == 0:
			all = append(all, text(p, strings.Repeat("x\n", i%50)+"one value\n\none value two values"))
			want = append(want, fmt.Sprintf("%s:%d+1 ONE", p, i%50+1), fmt.Sprintf("%s:%d+0 TWO", p, i%50+3))
		default:
			all = append(all, text(p, strings.Repeat("nothing\n", 5000-10*i)))
		}
	}
	found, stats := ran(t, s, items(all...))
	if !slices.Equal(found, want) || stats.Items != 500 {
		t.Errorf("%d items, %d found, want %d: %q", stats.Items, len(found), len(want), found[:min(6, len(found))])
	}
}

func TestScanAllowed(t *testing.T) {
	s := scanFor(nil, "one value", "two values")
	s.Passes = func(path string, v *Known) (bool, error) { return path == "listed" && v.In[0].Name == "ONE", nil }
	var listed int
	_, err := s.Run(context.Background(), items(
		text("comment", "one value // pinseal:allow ONE\none value two values # pinseal:allow ONE\n"),
		text("listed", "one value"),
		text("one value", "in the name"),
	), func(f Finding) error {
		if f.Listed {
			listed++
			return nil
		}
		if f.Path == "comment" && (f.Line != 2 || f.Known.In[0].Name != "TWO") || f.Path == "one value" && f.Line != 0 {
			t.Errorf("%s:%d %s", f.Path, f.Line, f.Known.In[0].Name)
		}
		return nil
	})
	if err != nil || listed != 1 {
		t.Error(err, listed)
	}
}

// TestScanBlobs: a blob is read once, and told of at every path.
func TestScanBlobs(t *testing.T) {
	a := newApp(t)
	a.put("../../a.txt", []byte("x\none value"))
	a.put("../../clean.txt", []byte("clean"))
	commit := a.commit()
	tree, err := a.r.FS(context.Background(), commit, "")
	a.must(err)
	leaky, err := tree.Entry("a.txt")
	a.must(err)
	clean, err := tree.Entry("clean.txt")
	a.must(err)
	s := scanFor(a.r, "one value")
	s.Passes = func(path string, _ *Known) (bool, error) { return path == "a.txt", nil }
	told := map[string]bool{}
	var all []ScanItem
	for _, p := range []string{"a.txt", "b.txt", "a.txt", "b.txt"} {
		all = append(all, ScanItem{Commit: commit, Path: p, Blob: leaky.Hash}, ScanItem{Commit: commit, Path: "clean" + p, Blob: clean.Hash})
	}
	stats, err := s.Run(context.Background(), items(all...), func(f Finding) error {
		if told[f.Path] || f.Listed != (f.Path == "a.txt") {
			t.Errorf("%s is told of twice, or wrongly: %v", f.Path, f.Listed)
		}
		told[f.Path] = true
		return nil
	})
	if err != nil || len(told) != 2 || stats.Bytes != int64(len("x\none value")+len("clean")) || stats.Commits != 1 {
		t.Error(err, told, stats)
	}
}

func TestScanEnds(t *testing.T) {
	broken := errors.New("broken")
	unreadable := ScanItem{Path: "u", Open: func() (io.ReadCloser, error) { return nil, broken }}
	failing := ScanItem{Path: "f", Open: func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(broken)), nil }}
	s := scanFor(nil, "one value")
	var unread []string
	s.Unread = func(item ScanItem, err error) {
		if errors.Is(err, broken) {
			unread = append(unread, item.Path)
		}
	}
	found, _ := ran(t, s, items(unreadable, text("a", "one value"), failing, text("b", "one value")))
	if !slices.Equal(found, []string{"a:1+0 ONE", "b:1+0 ONE"}) || !slices.Equal(unread, []string{"u", "f"}) {
		t.Error(found, unread)
	}
	endless := func(yield func(ScanItem, error) bool) {
		for yield(text("a", "one value"), nil) {
		}
	}
	n := 0
	if _, err := s.Run(context.Background(), endless, func(Finding) error {
		if n++; n == 100 {
			return broken
		}
		return nil
	}); err != broken {
		t.Errorf("an error of found: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	if _, err := s.Run(ctx, endless, func(Finding) error { stop(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ends: %v", err)
	}
	if _, err := s.Run(context.Background(), func(yield func(ScanItem, error) bool) {
		if yield(text("a", "x"), nil) {
			yield(ScanItem{}, broken)
		}
	}, nil); !errors.Is(err, broken) {
		t.Errorf("an error of items: %v", err)
	}
	s.Passes = func(string, *Known) (bool, error) { return false, broken }
	if _, err := s.Run(context.Background(), endless, func(Finding) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("an error of Passes: %v", err)
	}
}
