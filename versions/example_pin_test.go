package versions_test

import (
	"context"
	"fmt"
	"log"
	"time"

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
