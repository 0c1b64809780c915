package seal

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"pinseal/seal/spelling"
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// recipe is how a random value is made.
type recipe struct {
	kind string
	n    int
}

// CheckRecipe reports why s is no recipe for a random value:
//
//	base64:N   N random bytes in standard base64 with padding, N from 16
//	hex:N      N random bytes in lower-case hex, N from 16
//	alnum:N    N characters of A-Z, a-z and 0-9, N from 22
//
// Less than 128 bits is refused, and so is a text over [MaxValue]. Errors wrap
// [ErrRecipe] and do not hold s.
func CheckRecipe(s string) error {
	_, err := parseRecipe(s)
	return err
}

// Random makes a random value by a recipe, see [CheckRecipe].
func Random(s string) (Secret, error) {
	r, err := parseRecipe(s)
	if err != nil {
		return Secret{}, err
	}
	if r.kind == "alnum" {
		return NewSecret(randomLetters(r.n)), nil
	}
	raw := make([]byte, r.n)
	rand.Read(raw) // never fails, see crypto/rand
	if r.kind == "hex" {
		return NewSecret(hex.AppendEncode(nil, raw)), nil
	}
	return NewSecret(base64.StdEncoding.AppendEncode(nil, raw)), nil
}

func parseRecipe(s string) (recipe, error) {
	kind, number, _ := strings.Cut(s, ":")
	n, ok := spelling.ParseNumber(number)
	if !ok {
		return recipe{}, fmt.Errorf("recipe is not base64:N, hex:N or alnum:N: %w", ErrRecipe)
	}
	var least, most int
	switch kind {
	case "base64":
		least, most = 16, MaxValue/4*3
	case "hex":
		least, most = 16, MaxValue/2
	case "alnum":
		least, most = 22, MaxValue // 22 × log2(62) = 130.9 bits
	default:
		return recipe{}, fmt.Errorf("recipe is not base64:N, hex:N or alnum:N: %w", ErrRecipe)
	}
	if n < least {
		return recipe{}, fmt.Errorf("recipe is under 128 bits, the least is %s:%d: %w", kind, least, ErrRecipe)
	}
	if n > most {
		return recipe{}, fmt.Errorf("recipe is over 64 KiB, the most is %s:%d: %w", kind, most, ErrRecipe)
	}
	return recipe{kind: kind, n: n}, nil
}

// randomLetters draws each character evenly: bytes that would favour the first
// letters of the alphabet are thrown away.
func randomLetters(n int) []byte {
	const even = 256 / len(alphanumeric) * len(alphanumeric)
	out := make([]byte, 0, n)
	var buf [256]byte
	for {
		rand.Read(buf[:])
		for _, b := range buf {
			if len(out) == n {
				return out
			}
			if int(b) < even {
				out = append(out, alphanumeric[int(b)%len(alphanumeric)])
			}
		}
	}
}
