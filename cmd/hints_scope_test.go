package cmd

import "testing"

// What a hint must not do is act on another app than the command that gives it.
func TestHintsStayInTheApp(t *testing.T) {
	for _, test := range []struct{ app, dir, line, want string }{
		{"", "", "pinseal env rm dev --yes", "pinseal env rm dev --yes"},
		{"shop", "", "pinseal env rm dev --yes", "pinseal --app shop env rm dev --yes"},
		{"", "my shop", "pinseal status", "pinseal -C 'my shop' status"},
		{"shop", "..", "pinseal get A      to look", "pinseal --app shop -C .. get A      to look"},
		{"shop", "..", "pinseal", "pinseal"},
		{"shop", "..", "git -C .. add .pinseal && pinseal publish dev", "git -C .. add .pinseal && pinseal --app shop -C .. publish dev"},
		{"shop", "", "pinseal identity new -o F | pinseal member add b --file -", "pinseal identity new -o F | pinseal --app shop member add b --file -"},
		{"shop", "..", "pinseal trust --app ID", "pinseal -C .. trust --app ID"},
		{"shop", "..", "pinseal --app blog fork --sync", "pinseal -C .. --app blog fork --sync"},
		{"shop", "", "pinseal --identity FILE …     if you have one elsewhere", "pinseal --identity FILE …     if you have one elsewhere"},
		{"shop", "..", "pinseal -C DIR …", "pinseal --app shop -C DIR …"},
		{"shop", "..", "pinseal help commands", "pinseal help commands"},
		{"shop", "..", "pinseal get --help", "pinseal get --help"},
		{"shop", "..", "pinseal init", "pinseal -C .. init"},
		{"shop", "..", "rm .pinseal/x", "rm .pinseal/x"},
	} {
		c := &cli{Env: &Env{}, app: test.app, chdir: test.dir}
		if got := c.here(test.line); got != test.want {
			t.Errorf("--app %q -C %q: %q is %q, want %q", test.app, test.dir, test.line, got, test.want)
		}
	}
}
