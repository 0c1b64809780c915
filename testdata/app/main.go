// An app that takes its secrets from a server where the environment names one, else from
// the bundle that it carries. Build it where the bundle is:
//
//	pinseal bundle production -o production.bundle --for web
//	go build -o app .
//	CREDENTIALS_DIRECTORY=/run/credentials/app.service ./app
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"os"

	"pinseal/versions"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	secrets, err := openSecrets(os.Environ())
	if err != nil {
		return err
	}
	version, err := secrets.Version(ctx)
	if err != nil {
		return err
	}
	token, err := sign(ctx, secrets, "ada")
	if err != nil {
		return err
	}
	row, err := secrets.Encrypt(ctx, "customer_data", []byte("ada@example.com")) // for the database
	if err != nil {
		return err
	}
	email, err := secrets.Decrypt(ctx, "customer_data", row)
	if err != nil {
		return err
	}
	fmt.Printf("pin %d of %s\n", version.Number, version.Environment)
	fmt.Println("session of ada:", token)
	fmt.Printf("email of ada: %s, stored in %d characters\n", email, len(row)) // prints [secret]
	return nil
}

// sign makes a token for a user, which only who has the key can make or check.
func sign(ctx context.Context, secrets versions.Reader, user string) (string, error) {
	key, err := secrets.Get(ctx, "SESSION_KEY")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key.Reveal())
	mac.Write([]byte(user))
	return fmt.Sprintf("%s.%x", user, mac.Sum(nil)[:8]), nil
}
