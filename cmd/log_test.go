package cmd

import "testing"

func TestPinNumbers(t *testing.T) {
	for _, test := range []struct {
		pins []int
		want string
	}{
		{[]int{7}, "pin 7"},
		{[]int{3, 2}, "pin 3-2"},
		{[]int{9, 5, 4, 3, 1}, "pin 9, 5-3, 1"},
	} {
		if got := pinNumbers(test.pins); got != test.want {
			t.Errorf("pinNumbers(%v) = %q, want %q", test.pins, got, test.want)
		}
	}
}
