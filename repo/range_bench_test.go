package repo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// rangeOf are the words for the newest commits of a repository of benchRepos.
func rangeOf(dir string, commits []Hash) []string {
	if _, err := trygit(dir, nil, "rev-parse", "-q", "--verify", "HEAD~120000"); err == nil {
		return []string{"HEAD~120000..HEAD"}
	}
	return []string{string(commits[len(commits)-1])}
}

// BenchmarkRange walks a history and reads the blobs that each commit brought,
// with one and with two readers. Beside it git's printing it all, and its reading
// of the same blobs.
func BenchmarkRange(b *testing.B) {
	ctx := context.Background()
	benchRepos(b, func(b *testing.B, dir string, commits []Hash) {
		revs := rangeOf(dir, commits)
		b.Run("range", func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, err := range openAt(b, dir).Range(ctx, revs) {
					if n++; err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)/float64(b.N), "commits/op")
		})
		var list []Hash
		var ids bytes.Buffer
		for h := range brought(b, openAt(b, dir), revs) {
			list = append(list, h)
			fmt.Fprintln(&ids, h)
		}
		for _, readers := range []int{1, 2} {
			b.Run(fmt.Sprintf("blobs by %d", readers), func(b *testing.B) {
				for b.Loop() {
					b.SetBytes(readBlobs(b, openAt(b, dir), slices.Values(list), readers))
				}
			})
			b.Run(fmt.Sprintf("range and blobs by %d", readers), func(b *testing.B) {
				for b.Loop() {
					r := openAt(b, dir)
					b.SetBytes(readBlobs(b, r, brought(b, r, revs), readers))
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				b.ReportMetric(float64(m.HeapSys-m.HeapReleased)/1e6, "heap-MB")
			})
		}
		b.Run("git log -p", func(b *testing.B) {
			for b.Loop() {
				b.SetBytes(piped(b, dir, nil, "log", "-p", revs[0]))
			}
		})
		b.Run("git cat-file --batch", func(b *testing.B) {
			for b.Loop() {
				b.SetBytes(piped(b, dir, ids.Bytes(), "cat-file", "--batch"))
			}
		})
	})
}

// brought are the blobs that the commits of a range brought.
func brought(b *testing.B, r *Repo, revs []string) iter.Seq[Hash] {
	return func(yield func(Hash) bool) {
		for c, err := range r.Range(context.Background(), revs) {
			if err != nil {
				b.Fatal(err)
			}
			for _, f := range c.Files {
				if f.New != "" && !yield(f.New) {
					return
				}
			}
		}
	}
}

// readBlobs reads blobs and returns how many bytes they are.
func readBlobs(b *testing.B, r *Repo, blobs iter.Seq[Hash], readers int) int64 {
	ids := make(chan Hash, 256)
	var total atomic.Int64
	var group sync.WaitGroup
	for range readers {
		group.Go(func() {
			for h := range ids {
				blob, err := r.Blob(context.Background(), h)
				if err != nil {
					b.Error(err)
					continue
				}
				n, err := io.Copy(io.Discard, blob)
				if err != nil {
					b.Error(err)
				}
				blob.Close()
				total.Add(n)
			}
		})
	}
	for h := range blobs {
		ids <- h
	}
	close(ids)
	group.Wait()
	return total.Load()
}

// piped runs git and returns how many bytes it printed.
func piped(b *testing.B, dir string, in []byte, args ...string) int64 {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, testEnv(dir), bytes.NewReader(in)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	n, err := io.Copy(io.Discard, out)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		b.Fatal(err)
	}
	return n
}
