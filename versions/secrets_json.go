package versions

import (
	"encoding/json"
	"errors"
	"fmt"

	"pinseal/seal"
)

// JSONError says that the value of a secret is not the JSON that was asked for, and
// nothing of what it is instead.
type JSONError struct {
	Name  string
	Field string // where in the Go value that it was decoded into; "" for all of it
}

func (e *JSONError) Error() string {
	if e.Field != "" {
		return fmt.Sprintf("secret %q: the JSON at %s is not of the type that is wanted", e.Name, e.Field)
	}
	return fmt.Sprintf("secret %q is not the JSON that is wanted", e.Name)
}

// DecodeJSON decodes the value of the secret of that name: see [Reader]. What is wrong
// with into is an error of encoding/json.
func DecodeJSON(name string, value seal.Secret, into any) error {
	err := json.Unmarshal(value.Reveal(), into)
	if err == nil || errors.As(err, new(*json.InvalidUnmarshalError)) {
		return err
	}
	// What encoding/json says quotes the value.
	wrong := &JSONError{Name: name}
	if typed, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		wrong.Field = typed.Field
	}
	return wrong
}
