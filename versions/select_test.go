package versions

import "testing"

func TestParseSelector(t *testing.T) {
	for _, c := range []struct {
		in     string
		want   Selector
		pinned bool
		bad    bool
	}{
		{in: "", want: Selector{Kind: AtWorkTree}},
		{in: "worktree", want: Selector{Kind: AtWorkTree}},
		{in: "pin", want: Selector{Kind: AtPin}, pinned: true},
		{in: "pin:1", want: Selector{Kind: AtPinNumber, Number: 1}, pinned: true},
		{in: "pin:2147483647", want: Selector{Kind: AtPinNumber, Number: 1<<31 - 1}, pinned: true},
		{in: "HEAD~1", want: Selector{Kind: AtRev, Rev: "HEAD~1"}},
		{in: "refs/heads/pin", want: Selector{Kind: AtRev, Rev: "refs/heads/pin"}},
		{in: "Pin", want: Selector{Kind: AtRev, Rev: "Pin"}},
		{in: "pins", want: Selector{Kind: AtRev, Rev: "pins"}},
		{in: "pin:0", bad: true},
		{in: "pin:", bad: true},
		{in: "pin:01", bad: true},
		{in: "pin:-1", bad: true},
		{in: "pin:+1", bad: true},
		{in: "pin:2147483648", bad: true},
		{in: "pin:1 ", bad: true},
		{in: "pin:\x1b[31m", bad: true},
	} {
		got, err := ParseSelector(c.in)
		if (err != nil) != c.bad || got != c.want || got.Pinned() != c.pinned {
			t.Errorf("%q: got %+v, %v", c.in, got, err)
		}
		if err == nil {
			if again, err := ParseSelector(got.String()); err != nil || again != got {
				t.Errorf("%q prints as %q, which is %+v", c.in, got, again)
			}
		}
	}
}
