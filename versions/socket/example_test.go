package socket_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"pinseal/cmd/serve"
	"pinseal/versions/socket"
)

// exampleServer is pinseal serve, with a set in memory.
func exampleServer() (s *serve.Server, path string, done func()) {
	dir, err := os.MkdirTemp("", "s")
	if err != nil {
		log.Fatal(err)
	}
	path = filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		log.Fatal(err)
	}
	s = serve.New(pinned(1, "hello"), serve.Options{Audit: discard{}, Now: time.Now, Log: func(error) {}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	return s, path, func() { cancel(); <-ended; os.RemoveAll(dir) }
}

type discard struct{}

func (discard) Write(line []byte) (int, error) { return len(line), nil }

// An app whose environment says where the server is.
func ExampleFromEnviron() {
	_, path, done := exampleServer()
	defer done()
	environ := []string{"PINSEAL_SOCKET=" + path} // in an app: os.Environ()

	ctx := context.Background()
	secrets, err := socket.FromEnviron(environ, socket.Options{Environment: "production", MinPin: 1})
	if errors.Is(err, socket.ErrNotSet) {
		log.Fatal("this app needs pinseal serve") // or it opens a bundle
	}
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	greeting, err := secrets.Get(ctx, "A")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting, greeting.Len())
	// Output:
	// [secret] 5
}

// The server has the key. The app stores what comes of it, and asks again for what it was.
func ExampleClient_Decrypt() {
	_, path, done := exampleServer()
	defer done()

	ctx := context.Background()
	secrets, err := socket.Open(path, socket.Options{Environment: "production", MinPin: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	stored, err := secrets.Encrypt(ctx, "customer_data", []byte("ada@example.com"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(stored), "characters")
	email, err := secrets.Decrypt(ctx, "customer_data", stored)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(email, string(email.Reveal()))
	_, err = secrets.Decrypt(ctx, "customer_data", stored+"\n")
	fmt.Println(err)
	// Output:
	// 60 characters
	// [secret] ada@example.com
	// not a valid encrypted value of key "customer_data"; if a later release wrote it, newer key version needed: pin 1 of production has version 1
}

// The loop begins with the set that is served, and goes on with each that takes its place.
func ExampleClient_Watch() {
	server, path, done := exampleServer()
	defer done()

	ctx := context.Background()
	secrets, err := socket.Open(path, socket.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer secrets.Close()
	for version, err := range secrets.Watch(ctx) {
		if err != nil {
			fmt.Println("no news:", err)
			continue
		}
		fmt.Println("pin", version.Number)
		if version.Number == 2 {
			break
		}
		server.Swap(pinned(2, "good morning"))
	}
	// Output:
	// pin 1
	// pin 2
}
