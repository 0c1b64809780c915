package cmd

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"pinseal/cmd/asks"
	"pinseal/cmd/dotenv"
	"pinseal/repo"
	"pinseal/seal"
)

// exampleFiles are looked for at the top, in this order.
var exampleFiles = []string{".env.example", ".env.sample", ".env.template", ".env.dist"}

// maxNames is the most bytes of a list of names.
const maxNames = 1 << 20

// need is a name that an app asks for.
type need struct {
	name     string
	places   []askedAt
	variable bool // a secret that becomes this variable is meant too
	required bool // somewhere it has no default
}

// askedAt is where a name is asked for.
type askedAt struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// needs are what the flags give.
type needs struct {
	byName  map[string]*need
	sources []string // for people: files and directories as they were named
	ignore  []string
}

// needs reads every source that the flags name, or the example file at the top.
func (c *cli) needs(ctx context.Context, o checkOptions) (*needs, error) {
	n := &needs{byName: map[string]*need{}, sources: []string{}, ignore: o.ignore}
	if o.names == "" && o.example == "" && o.code == "" {
		if o.example = c.findExample(ctx); o.example == "" {
			return nil, usage([]string{"pinseal check --code .", "pinseal check --names DATABASE_URL,API_KEY", "pinseal check --example FILE"},
				"there is nothing to compare with: no %s at the top, and no --names, --example or --code", exampleFiles[0])
		}
	}
	if o.names != "" {
		if err := c.needsOfList(n, o.names); err != nil {
			return nil, err
		}
	}
	if o.example != "" {
		if err := c.needsOfExample(n, o.example); err != nil {
			return nil, err
		}
	}
	if o.code != "" {
		if err := c.needsOfCode(ctx, n, o.code); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// add takes a need in, or another place of one.
func (n *needs) add(name string, at askedAt, variable, required bool) {
	for _, pattern := range n.ignore {
		prefix, any := strings.CutSuffix(pattern, "*")
		if name == pattern || any && strings.HasPrefix(name, prefix) {
			return
		}
	}
	of := n.byName[name]
	if of == nil {
		of = &need{name: name}
		n.byName[name] = of
	}
	of.variable = of.variable || variable
	of.required = of.required || required
	if at.File != "" {
		of.places = append(of.places, at)
	}
}

// list is all, by name.
func (n *needs) list() []*need {
	all := make([]*need, 0, len(n.byName))
	for _, of := range n.byName {
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b *need) int { return cmp.Compare(a.name, b.name) })
	return all
}

// needsOfList reads A,B or, where there is a file of that name, its lines.
func (c *cli) needsOfList(n *needs, list string) error {
	if info, err := os.Stat(c.path(list)); list == "-" || err != nil || info.IsDir() {
		for name := range strings.SplitSeq(list, ",") {
			if err := seal.CheckSecretName(name); err != nil {
				return usage([]string{"pinseal check --names DATABASE_URL,API_KEY"}, "--names: there is no such file, and as a list of names: %s", err)
			}
			n.add(name, askedAt{}, true, true)
		}
		return nil
	}
	data, err := c.readInput(list, maxNames)
	if err != nil {
		return err
	}
	n.sources = append(n.sources, list)
	lines := bufio.NewScanner(bytes.NewReader(data))
	for at := 1; lines.Scan(); at++ {
		name, _, _ := strings.Cut(lines.Text(), "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		if err := seal.CheckSecretName(name); err != nil {
			return usage(nil, "%q, line %d: %s", list, at, err)
		}
		n.add(name, askedAt{list, at}, true, true)
	}
	return lines.Err()
}

// findExample is the example file at the top of the work tree, or, where there is no
// repository, in the directory of the command; "" for none.
func (c *cli) findExample(ctx context.Context) string {
	top := c.workDir()
	if r, err := c.openRepo(ctx); err == nil {
		top = r.Top()
		r.Close()
	}
	for _, name := range exampleFiles {
		if info, err := os.Lstat(filepath.Join(top, name)); top != "" && err == nil && info.Mode().IsRegular() {
			return c.fromHere(top, name)
		}
	}
	return ""
}

// needsOfExample reads the names of a dotenv file: all of them, for somebody wrote
// each down as needed.
func (c *cli) needsOfExample(n *needs, file string) error {
	if file == "-" {
		return usage([]string{"pinseal check --example .env.example"}, "--example wants a file")
	}
	data, err := c.readInput(file, dotenv.MaxSize)
	if err != nil {
		return err
	}
	pairs, err := dotenv.Parse(data)
	if err != nil {
		return usage([]string{"pinseal check --names FILE      for a list of names alone"}, "%q: %s", file, err)
	}
	n.sources = append(n.sources, file)
	for _, p := range pairs {
		n.add(p.Name, askedAt{file, p.Line}, true, true)
	}
	return nil
}

// needsOfCode searches the files below a directory of the work tree.
func (c *cli) needsOfCode(ctx context.Context, n *needs, dir string) error {
	r, err := c.openRepo(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if r.Bare() {
		return usage([]string{"pinseal check --names FILE"}, "a bare repository has no work tree to search for code")
	}
	under, err := filepath.Rel(resolved(r.Top()), resolved(c.path(dir)))
	if info, statErr := os.Stat(c.path(dir)); err != nil || statErr != nil || !info.IsDir() || !filepath.IsLocal(under) {
		return usage([]string{"pinseal check --code ."}, "--code wants a directory of this work tree")
	}
	files, err := r.Files(ctx, filepath.ToSlash(under))
	if err != nil {
		return err
	}
	tree, err := repo.OpenWorkTree(r.Top(), "")
	if err != nil {
		return err
	}
	defer tree.Close()
	n.sources = append(n.sources, dir)
	finder := asks.New()
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := readCode(tree, file)
		if err != nil {
			return err
		}
		for _, a := range finder.Find(file, data) {
			if !asks.WellKnown(a.Name) {
				n.add(a.Name, askedAt{c.fromHere(r.Top(), file), a.Line}, !a.Secret, !a.Default)
			}
		}
	}
	return nil
}

// readCode reads a file that may hold code; nil for one that is gone, is no plain
// file, or is passed over.
func readCode(tree *repo.WorkTree, file string) ([]byte, error) {
	if asks.Skips(file) {
		return nil, nil
	}
	info, err := tree.Stat(file)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > asks.MaxFile) {
		return nil, nil
	}
	var data []byte
	if err == nil {
		data, err = tree.ReadFile(file)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.As(err, new(*repo.OddEntryError)) || errors.As(err, new(*repo.TooLargeError)) {
		return nil, nil
	}
	if err != nil {
		err = fmt.Errorf("%q: %w", file, err)
	}
	return data, err
}
