package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// peer is who is at the other end of a connection.
type peer struct {
	unix     bool
	uid, pid int    // unix
	remote   string // TCP
	allowed  bool   // unix: the uid may ask
	welcome  func() // TCP: the token was shown
}

type peerKey struct{}

// peerOf finds out who is at the other end.
func (s *Server) peerOf(c net.Conn) (*peer, error) {
	socket, ok := c.(*net.UnixConn)
	if !ok {
		return &peer{remote: c.RemoteAddr().String()}, nil
	}
	uid, pid, err := credentials(socket)
	if err != nil {
		return nil, err
	}
	return &peer{unix: true, uid: uid, pid: pid, allowed: s.uids[uid]}, nil
}

// admit decides whether a request is answered: open is one that wants no token, known
// one that carries it.
func (s *Server) admit(r *http.Request, p *peer, open, known bool) *failure {
	switch {
	case p.unix && p.allowed:
		return nil
	case p.unix:
		return &failure{status: http.StatusForbidden, code: codeForbidden, message: "this socket does not serve your user", try: []string{"pinseal serve --allow-uid UID …"}}
	case !isLoopbackHost(r.Host):
		return &failure{status: http.StatusForbidden, code: codeForbidden, message: "the Host of the request is not a loopback name or address"}
	case open || known:
		return nil
	}
	return &failure{status: http.StatusUnauthorized, code: codeUnauthorized, message: "a request carries the token of this server", try: []string{"Authorization: Bearer TOKEN"}}
}

// knows compares a token in a time that says nothing of the server's.
func (s *Server) knows(header []string) bool {
	if len(header) != 1 || len(s.o.Token) == 0 {
		return false
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	got := sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], s.token[:]) == 1
}

// isLoopbackHost reports whether the Host of a request is of this machine alone. A
// browser that was sent here by a name of somebody's says that name.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.IsLoopback()
}
