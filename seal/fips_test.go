package seal

import (
	"context"
	"crypto/fips140"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFIPSOnly runs the tests below in a process where the Go FIPS module
// forbids other algorithms: our own formats work, and what needs age fails
// instead of hanging.
func TestFIPSOnly(t *testing.T) {
	if fips140.Enforced() {
		t.Skip("this is that process")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "-test.run=^(TestFIPSProcess|Example|TestEncodeGolden|TestNewKeyRefuses)$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFIPSProcess") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestFIPSProcess(t *testing.T) {
	if !fips140.Enforced() {
		t.Skip("TestFIPSOnly runs this in a process of its own")
	}
	runDir(t, "value", runValue)
	runDir(t, "named_key", runNamedKey)
	for _, bits := range []int{128, 256} {
		_, key := randomNamedKey(t, bits)
		if got, _, err := key.Decrypt(nil, mustEncrypt(t, key, []byte("value"))); err != nil || string(got) != "value" {
			t.Errorf("key of %d bits: %q, %v", bits, got, err)
		}
	}
	if _, _, err := NewIdentity(); !errors.Is(err, ErrIdentity) {
		t.Errorf("new identity: %v", err)
	}
	for _, line := range []string{"AGE-SECRET-KEY-PQ-1QQQ", servicePrefix + AppID{1}.String() + ".1.AGE-SECRET-KEY-PQ-1QQQ"} {
		if _, err := ParseIdentities([]byte(line), Prompts{}); !errors.Is(err, ErrIdentity) || !strings.Contains(err.Error(), "fips140") {
			t.Errorf("identity: %v", err)
		}
	}
	if _, _, _, err := ParseRecipient("age1pq1qqq", nil); !errors.Is(err, ErrRecipient) || !strings.Contains(err.Error(), "fips140") {
		t.Errorf("recipient: %v", err)
	}
}
