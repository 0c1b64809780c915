package mask

import "bytes"

const (
	// longestPeriod is the length in bytes of the longest text that counts as
	// repeated; longestRun how much of one may be a needle.
	longestPeriod = 128
	longestRun    = 512
)

// appendParts appends a needle. One that begins with a long run of one short text, as
// of "=" alone, would be compared at every byte of such a run in the output, and each
// time as long as it is. In its place are the beginning of the run, which is found all
// along it, and what begins near the end of it: they overlap, so that what was masked
// by the whole is by the parts. Half a longestRun of that text is then masked wherever
// it stands.
func appendParts(needles [][]byte, n []byte) [][]byte {
	run := runOf(n)
	if run < longestRun {
		return append(needles, n)
	}
	return append(needles, n[:longestRun/2], n[run-longestRun/2:])
}

// runOf returns how much of n, from its beginning, repeats its first 1 to
// longestPeriod bytes; 0 if that is less than longestRun.
func runOf(n []byte) int {
	if len(n) < longestRun {
		return 0
	}
	for period := 1; period <= longestPeriod; period++ {
		if !bytes.Equal(n[period:longestRun], n[:longestRun-period]) {
			continue
		}
		run := longestRun
		for run < len(n) && n[run] == n[run-period] {
			run++
		}
		return run
	}
	return 0
}
