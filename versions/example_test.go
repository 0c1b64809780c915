package versions_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log"

	"pinseal/seal"
	"pinseal/versions"
)

// What `pinseal bundle production -o production.bundle --for web` wrote.
//
//go:embed testdata/production.bundle
var bundle []byte

// The identity of the service web, which no app embeds.
//
//go:embed testdata/web.identity
var webIdentity []byte

var identityOfWeb = seal.NewSecret(webIdentity)

// An app that carries its secrets with it, sealed: the bundle is embedded when it is built,
// and the identity is given to it where it runs.
func Example() {
	// In an app: os.Environ() and os.ReadFile.
	environ := []string{"CREDENTIALS_DIRECTORY=/run/credentials/shop.service"}
	readFile := func(name string) ([]byte, error) {
		if name == "/run/credentials/shop.service/pinseal.identity" {
			return webIdentity, nil
		}
		return nil, fs.ErrNotExist
	}

	identity, err := versions.FindIdentity(environ, readFile)
	if err != nil {
		log.Fatal(err)
	}
	secrets, err := versions.OpenBundle(bundle, versions.Options{Identity: identity})
	if err != nil {
		log.Fatal(err)
	}
	url, err := secrets.Get(context.Background(), "DATABASE_URL")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("printed: ", url)
	fmt.Println("revealed:", string(url.Reveal()))
	// Output:
	// printed:  [secret]
	// revealed: postgres://shop@db.example/shop
}

// With an identity that is not a service's, the app's id says whose secrets are meant.
func ExampleOpenBundle() {
	secrets, err := versions.OpenBundle(bundle, versions.Options{
		Identity:    identityOfWeb,
		App:         "5eoqc7vbgel5yuqlhmpf6hspcm",
		Environment: "production",
		MinPin:      1,
	})
	if err != nil {
		log.Fatal(err)
	}
	version, err := secrets.Version(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("pin %d of %s by %s\n", version.Number, version.Environment, version.Publisher)

	_, err = versions.OpenBundle(bundle, versions.Options{Identity: identityOfWeb, MinPin: 2})
	fmt.Println(err)
	fmt.Println(errors.Is(err, versions.ErrNotAuthentic))
	// Output:
	// pin 1 of production by ci
	// pin 1 of production: is below the lowest that is allowed, 2
	// true
}

func ExampleSecrets_JSON() {
	secrets, err := versions.OpenBundle(bundle, versions.Options{Identity: identityOfWeb})
	if err != nil {
		log.Fatal(err)
	}
	var mail struct {
		Host     string
		Port     int
		Password string
	}
	if err := secrets.JSON(context.Background(), "SMTP", &mail); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s:%d\n", mail.Host, mail.Port)
	// Output:
	// mail.example:587
}

func ExampleSecrets_List() {
	secrets, err := versions.OpenBundle(bundle, versions.Options{Identity: identityOfWeb})
	if err != nil {
		log.Fatal(err)
	}
	infos, err := secrets.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, info := range infos {
		fmt.Printf("%s %q blank: %v\n", info.Name, info.Description, info.Blank)
	}
	// Output:
	// BANNER "" blank: true
	// DATABASE_URL "Primary Postgres" blank: false
	// SMTP "" blank: false
}

// A secret that may be blank, and one that may not be there.
func ExampleReader() {
	secrets, err := versions.OpenBundle(bundle, versions.Options{Identity: identityOfWeb})
	if err != nil {
		log.Fatal(err)
	}
	var reader versions.Reader = secrets // or a socket.Client
	for _, name := range []string{"BANNER", "SENTRY_DSN"} {
		_, err := reader.Get(context.Background(), name)
		switch {
		case errors.As(err, new(*versions.BlankError)):
			fmt.Println(name, "has no value yet")
		case errors.Is(err, versions.ErrNotFound):
			fmt.Println(name, "is not declared")
		case err != nil:
			log.Fatal(err)
		}
	}
	// Output:
	// BANNER has no value yet
	// SENTRY_DSN is not declared
}
