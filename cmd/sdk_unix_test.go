//go:build unix

package cmd_test

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func (a *sdkApp) fifo(name string) string {
	file := filepath.Join(a.sockets, name)
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// A token is in a plain file: a pipe could be waited for without end.
func TestSDKTokenOfPipe(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		s := newSDKServer(a)
		pipe := a.fifo("token")
		ended := make(chan struct{})
		go func() { // what it has to give would be good
			defer close(ended)
			if f, err := os.OpenFile(pipe, os.O_WRONLY, 0); err == nil {
				io.WriteString(f, sdkToken)
				f.Close()
			}
		}()
		a.check(a.dir, []string{"PINSEAL_URL=" + s.url, "PINSEAL_TOKEN_FILE=" + pipe}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "unauthorized"}})
		a.check(a.dir, []string{"PINSEAL_URL=" + s.url, "PINSEAL_TOKEN_FILE=/dev/null"}, []sdkCase{{sdkAsk("get_secret", "TEXT"), nil, "unauthorized"}})
		f, err := os.OpenFile(pipe, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		<-ended
	})
}

// What a program has started ends with it when it is given up.
func TestSDKEndsWhatAProgramStarted(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		for name, script := range map[string]struct {
			last    string
			timeout float64
			code    string
		}{
			"too much": {"exec yes", 60, "failed"},
			"late":     {"exec sleep 600", 1, "unavailable"},
			"gone":     {"exit 0", 1, "unavailable"}, // and left the other with its stdout
		} {
			pipe := a.fifo(name)
			held, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			file := a.path("in", name)
			a.write(file, []byte("#!/bin/sh\nexec 9>'"+pipe+"'\nsleep 600 &\n"+script.last+"\n"))
			if err := os.Chmod(file, 0o700); err != nil {
				t.Fatal(err)
			}
			of := map[string]any{"binary": file, "timeout": script.timeout}
			a.check(a.dir, nil, []sdkCase{{sdkAsk("get_secret", "TEXT").of(of), nil, script.code}})
			held.SetReadDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.ReadAll(held); err != nil {
				t.Errorf("%s: a program runs on: %v", name, err)
			}
			held.Close()
		}
	})
}
