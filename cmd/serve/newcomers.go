package serve

import (
	"container/list"
	"sync"
	"time"
)

// newcomers are the connections over TCP that have not shown the token. When there are
// too many the one that came first is closed, so that none of them can keep out who has
// it; but not before its request can have been read.
type newcomers struct {
	mu    sync.Mutex
	queue list.List     // of *guest, in the order that they came
	left  chan struct{} // holds one when somebody has left
}

func newNewcomers() *newcomers { return &newcomers{left: make(chan struct{}, 1)} }

// add waits until there is room. false is the end of the listener.
func (n *newcomers) add(g *guest, closed <-chan struct{}) bool {
	for {
		first, wait := n.put(g)
		switch {
		case first == nil:
			return true
		case wait <= 0:
			first.Close()
			continue
		}
		select {
		case <-n.left:
		case <-time.After(wait):
		case <-closed:
			return false
		}
	}
}

// put adds g, or returns the one that came first and how long it is to stay.
func (n *newcomers) put(g *guest) (first *guest, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.queue.Len() >= maxNewcomers {
		first = n.queue.Front().Value.(*guest)
		return first, newcomerTime - time.Since(first.came)
	}
	g.came = time.Now()
	g.place = n.queue.PushBack(g)
	return nil, 0
}

// remove takes out who has shown the token, or left.
func (n *newcomers) remove(g *guest) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if g.place == nil {
		return
	}
	n.queue.Remove(g.place)
	g.place = nil
	select {
	case n.left <- struct{}{}:
	default:
	}
}
