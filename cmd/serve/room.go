package serve

import (
	"io"
	"net/http"
	"time"
)

const (
	smallBody = 64 << 10 // bytes of a body that takes no room
	roomPiece = 1 << 20  // bytes
	maxRoom   = 64       // pieces
)

// room is the memory that large bodies and what is made of them share, in pieces. Who
// came first goes in first.
type room struct {
	door  chan struct{} // held by the one who goes in
	taken chan struct{} // one for each piece
}

func newRoom() *room {
	return &room{door: make(chan struct{}, 1), taken: make(chan struct{}, maxRoom)}
}

// stay is what one call has of the room. The zero value of pieces has none.
type stay struct {
	room   *room
	pieces int
}

// enter waits until there is room for that many bytes, or false comes of it.
func (s *stay) enter(bytes int64, wait time.Duration) bool {
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case s.room.door <- struct{}{}:
	case <-late.C:
		return false
	}
	defer func() { <-s.room.door }()
	for want := piecesOf(bytes); s.pieces < want; s.pieces++ {
		select {
		case s.room.taken <- struct{}{}:
		case <-late.C:
			s.leave()
			return false
		}
	}
	return true
}

// keep gives back all but what that many bytes take.
func (s *stay) keep(bytes int) {
	for want := piecesOf(int64(bytes)); s.pieces > want; s.pieces-- {
		<-s.room.taken
	}
}

func (s *stay) leave() { s.keep(0) }

func piecesOf(bytes int64) int { return int((bytes + roomPiece - 1) / roomPiece) }

// sent reads the body. A large one gets its room when it has begun to come: who sends
// nothing holds up nobody.
func (c *call) sent(in *stay, o crypting) ([]byte, *failure) {
	size := c.r.ContentLength
	if size > o.most {
		return nil, &failure{status: http.StatusRequestEntityTooLarge, code: codeTooLarge, message: o.limit}
	}
	notWhole := invalid("the body did not come whole, or not in time")
	c.begun = true
	head := make([]byte, min(size, smallBody))
	if _, err := io.ReadFull(c.r.Body, head); err != nil {
		return nil, notWhole
	}
	if size <= smallBody {
		return head, nil
	}
	defer clear(head)
	if !in.enter(size*o.grows/12, c.server.times.turn) {
		return nil, &failure{status: http.StatusServiceUnavailable, code: codeBusy, message: "other large bodies are under way; ask again"}
	}
	body := make([]byte, size)
	control, end := http.NewResponseController(c.w), time.Now().Add(c.server.times.body)
	for at := copy(body, head); at < len(body); {
		c.hasten(control.SetReadDeadline, end)
		n, err := io.ReadFull(c.r.Body, body[at:min(len(body), at+smallBody)])
		if at += n; err != nil {
			clear(body)
			return nil, notWhole
		}
	}
	control.SetReadDeadline(time.Time{}) // until the next request
	return body, nil
}
