package cmd

import "testing"

func TestPinNumbers(t *testing.T) {
	for _, test := range []struct {
		pins []int
		want string
	}{
		{[]int{7}, "pin 7"},
		{[]int{3, 2}, "pin 2-3"},
		{[]int{5, 4, 3, 2, 1}, "pin 1-5"},
		{[]int{9, 5, 4, 3, 1}, "pin 1, 3-5, 9"},
	} {
		if got := pinNumbers(test.pins); got != test.want {
			t.Errorf("pinNumbers(%v) = %q, want %q", test.pins, got, test.want)
		}
	}
}
