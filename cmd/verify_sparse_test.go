package cmd

import "testing"

// What a sparse checkout leaves out is not taken for gone, nor for good.
func TestVerifySparse(t *testing.T) {
	s := full(t)
	s.git("sparse-checkout", "set", "--no-cone", "/*", "!/.pinseal/shop/dev/A.yaml", "!/.pinseal/shop/production/")
	out, talk := s.run(0, "", "verify", "-q")
	s.has(out, "shop  dev         0 secrets", "shop  production  0 secrets")
	s.has(talk, "warning: a sparse checkout leaves 2 files of .pinseal out, and they are not checked", "  try:  pinseal verify HEAD\n")
	if out, talk = s.run(0, "", "verify", "HEAD"); out != fullTable || talk != "" {
		t.Errorf("HEAD is %q, %q", out, talk)
	}

	s.git("sparse-checkout", "set", "--no-cone", "/*", "!/.pinseal/")
	_, talk = s.run(3, "", "verify")
	s.has(talk, "no app in the work tree: there is no .pinseal, though HEAD has one", "  try:  pinseal verify HEAD\n", "git sparse-checkout add .pinseal")
	s.run(0, "", "verify", "HEAD")

	s.git("sparse-checkout", "disable")
	if out, talk = s.run(0, "", "verify"); out != fullTable || talk != "" {
		t.Errorf("all of it is %q, %q", out, talk)
	}
	s.git("rm", "-rq", ".pinseal")
	s.git("commit", "-q", "-m", "gone")
	_, talk = s.run(3, "", "verify")
	s.has(talk, "pinseal init")
}
