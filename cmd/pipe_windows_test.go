package cmd_test

import "testing"

func makePipe(t *testing.T, _ string) { t.Skip("no pipes in the file system") }
