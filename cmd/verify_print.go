package cmd

import "fmt"

// verifiedApp is an app in the report of verify.
type verifiedApp struct {
	ID           string        `json:"app,omitempty"` // absent when its note does not verify
	Name         string        `json:"name"`
	NoteVersion  int           `json:"note_version,omitempty"`
	Environments []verifiedEnv `json:"environments"`
}

type verifiedEnv struct {
	Name    string `json:"name"`
	Secrets int    `json:"secrets"`
	Readers int    `json:"readers"`
	Pin     int    `json:"pin,omitempty"` // the newest, or the one that was asked for
}

type verifiedProblem struct {
	Path        string `json:"path,omitempty"`
	Line        int    `json:"line,omitempty"`
	App         string `json:"app_name,omitempty"`
	Environment string `json:"environment,omitempty"`
	Problem     string `json:"problem"`
	ExitCode    int    `json:"exit_code"`
}

// env is the row of an environment, which is made when there is none.
func (a *verifiedApp) env(name string) *verifiedEnv {
	for i := range a.Environments {
		if a.Environments[i].Name == name {
			return &a.Environments[i]
		}
	}
	a.Environments = append(a.Environments, verifiedEnv{Name: name})
	return &a.Environments[len(a.Environments)-1]
}

// verdict prints the report, and ends with all that was found. What is not
// authentic is not reported on.
func (v *verifying) verdict() error {
	err := v.faultsError(v.ctx, "", v.faults)
	code := exitCode(err)
	if code == exitNotAuthentic {
		return err
	}
	if printErr := v.print(); printErr != nil {
		return printErr
	}
	return err
}

func (v *verifying) print() error {
	if !v.o.json {
		return v.printTable()
	}
	problems := []verifiedProblem{}
	for _, f := range v.faults {
		problems = append(problems, verifiedProblem{f.Path, f.Line, f.App, f.Environment, f.Err.Error(), faultCode(f)})
	}
	for i := range v.apps {
		v.apps[i].Environments = append([]verifiedEnv{}, v.apps[i].Environments...)
	}
	return v.printJSON(struct {
		Schema   int               `json:"schema"`
		At       string            `json:"at"`
		Commit   string            `json:"commit,omitempty"`
		Apps     []verifiedApp     `json:"apps"`
		Problems []verifiedProblem `json:"problems"`
	}{1, v.at.String(), string(v.commit), append([]verifiedApp{}, v.apps...), problems})
}

func (v *verifying) printTable() error {
	var rows [][]string
	for _, a := range v.apps {
		if state := v.state(a.Name, ""); state != "ok" {
			rows = append(rows, []string{a.Name, "", "", "", "", state})
		}
		for _, e := range a.Environments {
			pin := "no pin"
			if e.Pin > 0 {
				pin = fmt.Sprintf("pin %d", e.Pin)
			}
			rows = append(rows, []string{a.Name, e.Name, count(e.Secrets, "secret"), count(e.Readers, "reader"), pin, v.state(a.Name, e.Name)})
		}
	}
	return printTable(v.Stdout, rows)
}

// state says how an environment is, or, when it is "", an app as a whole.
func (v *verifying) state(app, env string) string {
	problems := 0
	for _, f := range v.faults {
		if f.App == app && f.Environment == env {
			problems++
		}
	}
	if problems == 0 {
		return "ok"
	}
	return count(problems, "problem")
}
