package seal_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"pinseal/seal"
)

// The worked example of the package documentation.
func Example() {
	admin, err := seal.NewKey(seal.Admin, 1, bytes.Repeat([]byte{1}, 32))
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := seal.NewKey(seal.ReadSlot("dev"), 1, bytes.Repeat([]byte{2}, 32))
	if err != nil {
		fmt.Println(err)
		return
	}
	id := seal.NewAppID(admin.Public())
	place := seal.Place{App: id, Environment: "dev", Kind: seal.KindSecret, Name: "DATABASE_URL"}
	sealer, err := seal.NewSealer(key.Public(), 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := sealer.Seal(place, seal.NewSecret([]byte("postgres://example")))
	if err != nil {
		fmt.Println(err)
		return
	}
	value, err := key.OpenValue(place, sealed)
	if err != nil {
		fmt.Println(err)
		return
	}
	public := sha256.Sum256(key.Public())
	fmt.Println("app id:", id)
	fmt.Printf("dev.read 1: SHA-256 of the public key %x\n", public)
	fmt.Println("sealed:", sealed[:5], len(sealed), "characters")
	fmt.Println("printed:", value)
	fmt.Printf("revealed: %s\n", value.Reveal())

	place.Name = "OTHER"
	_, err = key.OpenValue(place, sealed)
	fmt.Println("elsewhere:", err)
	// Output:
	// app id: zmkrjadmkxs2mifkxjr5a5rwlm
	// dev.read 1: SHA-256 of the public key 01eba7f63ebe3bde984385c499280859aac9a8c403804fe47ebbf31982d74353
	// sealed: s1.1. 1691 characters
	// printed: [secret]
	// revealed: postgres://example
	// elsewhere: not authentic
}
