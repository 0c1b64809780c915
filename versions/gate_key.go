package versions

import (
	"fmt"

	"pinseal/seal"
)

// What publish and verify say of a named encryption key, and what would help.
const (
	blankKey     = "is a blank encryption key, and those cannot be optional"
	manyVersions = "has %d versions, and decrypting tries the newest %d"
)

func createKey(name, env string) string { return fmt.Sprintf("pinseal key create %s -e %s", name, env) }

// dropVersions is for a key with versions that nobody tries.
func dropVersions(name, env string, f *SecretFile) string {
	return fmt.Sprintf("pinseal key rm %s -e %s --before %d", name, env, f.Versions[len(f.Versions)-seal.MaxKeyVersions].Number)
}
