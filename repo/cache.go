package repo

import (
	"container/list"
	"os"
	"sync"
)

// maxOpen bounds the descriptors of one store. Past 64 the kernel grows a
// threaded process's descriptor table after a grace period of 4 to 30 ms.
const maxOpen = 24

// fileCache keeps index and pack files open.
type fileCache struct {
	mu    sync.Mutex
	open  map[string]*openFile
	clock uint64
}

// openFile is in use while refs > 0; it is closed when it has left the cache
// and the last user releases it.
type openFile struct {
	*os.File
	path    string
	size    int64
	refs    int
	used    uint64
	dropped bool
}

func (c *fileCache) acquire(path string) (*openFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.open[path]
	if f == nil {
		o, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		fi, err := o.Stat()
		if err != nil {
			o.Close()
			return nil, err
		}
		if c.open == nil {
			c.open = make(map[string]*openFile)
		}
		c.evict()
		f = &openFile{File: o, path: path, size: fi.Size()}
		c.open[path] = f
	}
	c.clock++
	f.used = c.clock
	f.refs++
	return f, nil
}

func (c *fileCache) release(f *openFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.refs--; f.refs == 0 && f.dropped {
		f.Close()
	}
}

// evict makes room for one by closing the file that was idle longest.
func (c *fileCache) evict() {
	for len(c.open) >= maxOpen {
		var oldest *openFile
		for _, f := range c.open {
			if f.refs == 0 && (oldest == nil || f.used < oldest.used) {
				oldest = f
			}
		}
		if oldest == nil {
			return
		}
		delete(c.open, oldest.path)
		oldest.Close()
	}
}

// closeAll forgets every file; those in use are closed by their last user.
func (c *fileCache) closeAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.open {
		if f.dropped = true; f.refs == 0 {
			f.Close()
		}
	}
	clear(c.open)
}

// Bounds of a baseCache in bytes.
const (
	maxBases = 16 << 20
	maxBase  = 4 << 20
)

// baseCache keeps delta bases, least recently used out first. Its bytes are
// shared and must not be changed.
type baseCache struct {
	mu    sync.Mutex
	items map[baseKey]*list.Element
	order list.List // of *baseItem, most recent first
	size  int
}

type baseKey struct {
	pack string
	off  int64
}

type baseItem struct {
	key  baseKey
	typ  ObjectType
	data []byte
}

func (c *baseCache) get(pack string, off int64) (ObjectType, []byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.items[baseKey{pack, off}]
	if e == nil {
		return 0, nil, false
	}
	c.order.MoveToFront(e)
	it := e.Value.(*baseItem)
	return it.typ, it.data, true
}

func (c *baseCache) put(pack string, off int64, typ ObjectType, data []byte) {
	if len(data) > maxBase {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	key := baseKey{pack, off}
	if c.items[key] != nil {
		return
	}
	if c.items == nil {
		c.items = make(map[baseKey]*list.Element)
	}
	c.items[key] = c.order.PushFront(&baseItem{key, typ, data})
	c.size += len(data)
	for c.size > maxBases {
		e := c.order.Back()
		it := c.order.Remove(e).(*baseItem)
		delete(c.items, it.key)
		c.size -= len(it.data)
	}
}

// clear forgets everything, as after a file turned out to have changed.
func (c *baseCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.items)
	c.order.Init()
	c.size = 0
}
