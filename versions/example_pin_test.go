package versions_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"pinseal/seal"
	"pinseal/versions"
)

// The newest pin of a clone, whatever HEAD and the work tree hold.
func ExampleOpenPin() {
	shop, done := versions.NewShop(map[string]string{"GREETING": "hello"})
	defer done()

	ctx := context.Background()
	secrets, err := versions.OpenPin(ctx, shop.Dir, "production", versions.Options{Identity: shop.Identity})
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	greeting, err := secrets.Get(ctx, "GREETING")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", greeting.Reveal())
	// Output:
	// hello
}

// The loop begins with the set that is there, and goes on with each that takes its place.
func ExampleSecrets_Watch() {
	shop, done := versions.NewShop(map[string]string{"GREETING": "hello"})
	defer done()

	ctx := context.Background()
	secrets, err := versions.OpenPin(ctx, shop.Dir, "production",
		versions.Options{Identity: shop.Identity, Interval: 10 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	for version, err := range secrets.Watch(ctx) {
		if err != nil {
			fmt.Println("still at pin", version.Number, "because", err)
			break
		}
		greeting, err := secrets.Get(ctx, "GREETING")
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("pin %d: %s\n", version.Number, greeting.Reveal())
		if version.Number == 1 {
			shop.Publish(map[string]string{"GREETING": "good morning"})
		} else {
			shop.Rewind()
		}
	}
	// Output:
	// pin 1: hello
	// pin 2: good morning
	// still at pin 2 because ledger of production: went back from pin 2 to pin 1
}

// A named encryption key keeps users' data unreadable to whoever has the database alone.
// After a rotation what was written before still decrypts.
func ExampleSecrets_Encrypt() {
	shop, done := versions.NewShop(nil)
	defer done()
	shop.Rotate("customer_data") // pinseal key create customer_data

	ctx := context.Background()
	open := func() *versions.Secrets {
		secrets, err := versions.OpenBundle(shop.Bundle(), versions.Options{Identity: shop.Identity})
		if err != nil {
			log.Fatal(err)
		}
		return secrets
	}
	before := open()
	row, err := before.Encrypt(ctx, "customer_data", []byte("ada@example.com"))
	if err != nil {
		log.Fatal(err)
	}

	shop.Rotate("customer_data")
	email, err := open().Decrypt(ctx, "customer_data", row)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", email.Reveal())

	later, err := open().Encrypt(ctx, "customer_data", []byte("bob@example.com"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = before.Decrypt(ctx, "customer_data", later)
	fmt.Println(errors.Is(err, seal.ErrNotEncrypted))
	fmt.Println(err)
	// Output:
	// ada@example.com
	// true
	// not a valid encrypted value of key "customer_data"; if a later release wrote it, newer key version needed: pin 2 of production has version 1
}

// Two secrets of one set, while it may be replaced.
func ExampleSecrets_Snapshot() {
	shop, done := versions.NewShop(map[string]string{"USER": "shop", "PASSWORD": "correct horse"})
	defer done()

	ctx := context.Background()
	secrets, err := versions.OpenPin(ctx, shop.Dir, "production", versions.Options{Identity: shop.Identity})
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	now := secrets.Snapshot()
	user, err := now.Get(ctx, "USER")
	if err != nil {
		log.Fatal(err)
	}
	password, err := now.Get(ctx, "PASSWORD")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Len(), password.Len())
	// Output:
	// 4 13
}
