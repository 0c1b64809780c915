package cmd

import (
	"strings"
	"testing"
)

func TestPrintTable(t *testing.T) {
	var b strings.Builder
	rows := [][]string{{"NAME", "STATE", ""}, {"É", "sealed\x1b[2J", "two\nlines"}, {"LONGER", "", ""}}
	if err := printTable(&b, rows); err != nil {
		t.Fatal(err)
	}
	want := "NAME    STATE\nÉ       sealed?[2J  two lines\nLONGER\n"
	if b.String() != want {
		t.Errorf("printed\n%q\nwant\n%q", b.String(), want)
	}
}
