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
		out, wait := n.put(g)
		if out != nil {
			out.Close()
		}
		if wait <= 0 {
			return true
		}
		select {
		case <-n.left:
		case <-time.After(wait):
		case <-closed:
			return false
		}
	}
}

// put adds g, in the place of the one that came first where there is no room, or returns
// how long that one is to stay.
func (n *newcomers) put(g *guest) (out *guest, wait time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.queue.Len() >= maxNewcomers {
		first := n.queue.Front().Value.(*guest)
		if wait = newcomerTime - time.Since(first.came); wait > 0 {
			return nil, wait
		}
		n.queue.Remove(first.place)
		first.place = nil
		out = first
	}
	g.came = time.Now()
	g.place = n.queue.PushBack(g)
	return out, 0
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
