package cmd_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// What a server makes up for a key is an error, as it is for the Go library.
func TestSDKOfKeyLiars(t *testing.T) {
	eachSDK(t, func(a *sdkApp) {
		good := sdkPayload("CANARY")
		const kind = "Content-Type: application/json\r\n"
		var cases []sdkCase
		add := func(code, head, encrypted, decrypted string) {
			for i, body := range []string{encrypted, decrypted} {
				status := "200 OK"
				if strings.HasPrefix(body, `{"error"`) {
					status = "422 No"
				}
				socket := sdkRaw(a, fmt.Sprint(len(cases), "l"), func(conn net.Conn) { io.WriteString(conn, sdkHTTP(status, head, body)) })
				call := []sdkCall{sdkAsk("encrypt_with_key", "KEY", "CANARY"), sdkAsk("decrypt_bytes_with_key", "KEY", good)}[i]
				want := []any{any(good), []byte("CANARY")}[i]
				if code != "" {
					want = nil
				}
				cases = append(cases, sdkCase{call.of(map[string]any{"socket_path": socket, "timeout": 60}), want, code})
			}
		}
		lie := func(encrypted, decrypted string) { add("failed", kind, encrypted, decrypted) }
		truth, plain := `{"value":"`+good+`","key_version":1}`, `{"value":"CANARY","key_version":1}`
		add("", kind, truth, plain)
		add("", "content-type: Application/JSON; charset=UTF-8\r\n", truth, plain)
		add("failed", "", truth, plain)
		add("failed", "Content-Type: text/html\r\n", truth, plain)
		add("failed", "Content-Type: application/json; charset=latin1\r\n", truth, plain)
		for _, version := range []string{"0", "-1", "1.5", `"1"`, "true", "null", "4294967296"} {
			lie(`{"value":"`+good+`","key_version":`+version+`}`, `{"value":"CANARY","key_version":`+version+`}`)
		}
		lie(`{"value":"`+good+`"}`, `{"value":"CANARY"}`)
		lie(`{"value":"`+sdkPayload("CANAR")+`","key_version":1}`, `{"value":"CANAR","key_version":1}`)
		lie(`{"value":"`+sdkPayload("CANARYx")+`","key_version":1}`, `{"value":"CANARYx","key_version":1}`)
		lie(`{"value":"CANARY","key_version":1}`, `{"value":"`+good+`","key_version":1}`)
		lie(`{"value_base64":"`+good+`","key_version":1}`, `{"value_base64":"Q0FOQVJZ\n","key_version":1}`)
		lie(`{"value":"`+good[:len(good)-4]+`\n\n\n\n","key_version":1}`, `{"value_base64":"Q0FO\nQVJZ","key_version":1}`)
		lie(`{"value":"`+strings.ReplaceAll(good, "A", "_")+`","key_version":1}`, `{"value":"\ud800CAN","key_version":1}`)
		lie(`{"value":"`+good[:len(good)-1]+`\u00e4","key_version":1}`, `{"value_base64":"Q0FOQVJ\u00e4","key_version":1}`)
		for _, in := range []string{`"CANARY"`, `["pin 1 of dev"]`, `"pin 1 of CANARY"`, "null", `"pin 1 of dev\u001b"`} {
			refusal := `{"error":{"code":"not_encrypted","message":"CANARY","newest":"CANARY","in":` + in + `}}`
			add("not_authentic", kind, refusal, refusal)
		}
		a.check(a.dir, nil, cases)
		busy := sdkHTTP("503 No", kind, `{"error":{"code":"busy","message":"CANARY"}}`)
		socket := sdkRaw(a, "busy", func(conn net.Conn) { io.WriteString(conn, busy) })
		a.says(a.dir, []string{"PINSEAL_SOCKET=" + socket}, map[string]sdkCall{"KEY: the server is busy: ask again": sdkAsk("encrypt_with_key", "KEY", "CANARY")})
	})
}
