package cmd

// index takes fields by their names and elements by their positions, one after the
// other, out of what json took apart. Go's own gives nothing for a field that is not
// there, and no error.
func (t *templateValues) index(value any, at []any) (any, error) {
	for _, at := range at {
		switch from := value.(type) {
		case map[string]any:
			name, ok := at.(string)
			if !ok {
				return nil, usage(nil, "index wants the name of a key of a JSON object, as text")
			}
			if value, ok = from[name]; !ok {
				return nil, usage([]string{`{{ if has (json "NAME") "KEY" }}      where it may be missing`}, "asks for a key that the JSON does not have")
			}
		case []any:
			i, ok := at.(int)
			if !ok || i < 0 || i >= len(from) {
				return nil, usage([]string{`{{ range (json "NAME") }}      takes one after the other`}, "asks for an element that is not there: a JSON list has whole numbers from 0")
			}
			value = from[i]
		default:
			return nil, usage(nil, "index wants an object or a list of JSON")
		}
	}
	return value, nil
}

// has reports whether an object that json took apart has a key.
func (t *templateValues) has(object, key any) (bool, error) {
	from, isObject := object.(map[string]any)
	name, isText := key.(string)
	if !isObject || !isText {
		return false, usage([]string{`{{ if has (json "NAME") "KEY" }}`}, "has wants an object of JSON, and the name of a key")
	}
	_, ok := from[name]
	return ok, nil
}
