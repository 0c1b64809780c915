package versions

// joinMoved makes one of a secret that went and one that came, where no other fits.
// files are what the branch has of those that came and had of those that went.
func joinMoved(secrets []ReviewedSecret, files [][]byte) []ReviewedSecret {
	added, removed, at := MoveSide{}, MoveSide{}, map[string]int{}
	for i, s := range secrets {
		switch s.Action {
		case Added:
			added[s.Name] = files[i]
		case Removed:
			removed[s.Name], at[s.Name] = files[i], i
		}
	}
	if len(added) == 0 || len(removed) == 0 {
		return secrets
	}
	moves := FindMoves(added, removed)
	joined := map[int]bool{}
	for i := range secrets {
		s := &secrets[i]
		if s.Action != Added {
			continue
		}
		if from, _ := moves.From(s.Name); from != "" {
			old := secrets[at[from]]
			s.Action, s.From, s.Old = Moved, from, old.Old // the versions of a key stay added: nobody can tell here
			s.Paths = append(s.Paths, old.Paths...)
			joined[at[from]] = true
		}
	}
	var rest []ReviewedSecret
	for i, s := range secrets {
		if !joined[i] {
			rest = append(rest, s)
		}
	}
	return rest
}
