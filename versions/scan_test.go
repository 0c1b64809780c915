package versions

import (
	"context"
	"encoding/base64"
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
	s := &Scan{Repo: r, Passes: func(Finding) (bool, error) { return false, nil }}
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
	s.Passes = func(f Finding) (bool, error) { return f.Path == "listed" && f.Known.In[0].Name == "ONE", nil }
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
	s.Passes = func(f Finding) (bool, error) { return f.Path == "a.txt", nil }
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
	s.Passes = func(Finding) (bool, error) { return false, broken }
	if _, err := s.Run(context.Background(), endless, func(Finding) error { return nil }); !errors.Is(err, broken) {
		t.Errorf("an error of Passes: %v", err)
	}
}

// TestScanNames: a value in the name of a text is found beside those in the text,
// and the name is shown without it, also when the text cannot be read.
func TestScanNames(t *testing.T) {
	s := scanFor(nil, "one value", "two values")
	b64 := base64.StdEncoding.EncodeToString([]byte("x one value"))
	unreadable := func(path string) ScanItem {
		return ScanItem{Path: path, Open: func() (io.ReadCloser, error) { return nil, errors.New("no") }}
	}
	var shown, unread []string
	s.Unread = func(item ScanItem, _ error) { unread = append(unread, item.Masked) }
	_, err := s.Run(context.Background(), items(
		text("d-one value/a", "two values"), text("d-one value/b", "x\ntwo values"), text("one value two values", ""), text(b64+".txt", "x"),
		text("sound", "one value"), unreadable("u/two values/one valueone value"), unreadable("sound"),
	), func(f Finding) error {
		shown = append(shown, fmt.Sprintf("%s:%d %s %s", f.Masked, f.Line, f.Known.In[0].Name, f.Form))
		return nil
	})
	want := []string{"d-[ONE]/a:0 ONE raw", "d-[ONE]/a:1 TWO raw", "d-[ONE]/b:0 ONE raw", "d-[ONE]/b:2 TWO raw", "[ONE] [TWO]:0 ONE raw", "[ONE] [TWO]:0 TWO raw",
		"eC[ONE]=.txt:0 ONE base64", ":1 ONE raw", "u/[TWO]/[ONE][ONE]:0 ONE raw", "u/[TWO]/[ONE][ONE]:0 TWO raw"}
	if err != nil || !slices.Equal(shown, want) || !slices.Equal(unread, []string{"u/[TWO]/[ONE][ONE]", ""}) {
		t.Errorf("%v\n%q\n%q\n%q", err, shown, want, unread)
	}
}

// TestScanManyHits: what is kept of a text is bounded by the number of values.
func TestScanManyHits(t *testing.T) {
	s := scanFor(nil, "one value", "two values")
	line := "one value two values # pinseal:allow TWO\n"
	j := &scanJob{item: ScanItem{Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(strings.Repeat(line, 100_000))), nil
	}}}
	s.look(context.Background(), j)
	if want := []scanHit{{value: 0, form: leak.Raw, line: 1, more: 99_999}}; !slices.Equal(j.hits, want) || j.err != nil {
		t.Errorf("%v, want %v: %v", j.hits, want, j.err)
	}
}

// TestFindingPlaces: what may stand in a commit need not be let into the file.
func TestFindingPlaces(t *testing.T) {
	for _, test := range []struct {
		f    Finding
		want string
	}{
		{Finding{ScanItem: ScanItem{Path: "a"}, Line: 1}, "a [a]"},
		{Finding{ScanItem: ScanItem{Path: "a"}}, "a@ [a@]"},
		{Finding{ScanItem: ScanItem{Path: "a", Commit: "c0"}}, "a@ [a@]"},
		{Finding{ScanItem: ScanItem{Path: "a", Commit: "c0", Blob: "b0"}, Line: 1}, "a@b0 [a@b0 a]"},
		{Finding{ScanItem: ScanItem{Path: "a", Blob: "b0"}, Line: 1}, "a [a]"},
		{Finding{ScanItem: ScanItem{Commit: "c0"}, Line: 1}, "c0 [c0]"},
		{Finding{ScanItem: ScanItem{Commit: "c0", Header: true}, Line: 1}, "c0 [c0]"},
	} {
		if got := fmt.Sprint(test.f.Place(), " ", test.f.Places()); got != test.want {
			t.Errorf("%+v: %s, want %s", test.f, got, test.want)
		}
	}
}
