package repo

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A path that git's answer cannot be told apart with is named.
func TestOpenLineBreak(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such paths")
	}
	dir := filepath.Join(tempDir(t), "a\nb")
	tgit(t, newDir(t), "worktree", "add", "-q", "-b", "side", dir)
	if _, err := Open(context.Background(), dir, Options{Env: testEnv(tempDir(t))}); err == nil || !strings.Contains(err.Error(), "has a line break in it") {
		t.Errorf("got %v", err)
	}
}
