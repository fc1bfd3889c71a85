// Package cache holds the two small caches of sessions, workspaces and bad
// logins: values bounded in number and values bounded in age.
package cache

import "sync"

// Recent keeps the most recently used values of a bounded number. It holds two
// generations: new and used values go to the young one, and when that is full it
// becomes the old one and the previous old one is dropped. That forgets the least
// recently used like a list would, at the price of two maps and no links.
// It is safe for concurrent use.
type Recent[K comparable, V any] struct {
	mu         sync.RWMutex
	half       int // entries of one generation
	young, old map[K]V
}

// NewRecent returns a Recent that never holds more than limit values, and always
// the limit/2 last used. A limit below 2 counts as 2.
func NewRecent[K comparable, V any](limit int) *Recent[K, V] {
	return &Recent[K, V]{half: max(limit/2, 1), young: map[K]V{}}
}

// Get returns the value under k and counts it as used.
func (c *Recent[K, V]) Get(k K) (V, bool) {
	c.mu.RLock()
	v, ok := c.young[k]
	c.mu.RUnlock()
	if ok {
		return v, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.promote(k)
}

// GetOrPut returns the value under k, or keeps and returns the one that build
// makes. build must not use the cache.
func (c *Recent[K, V]) GetOrPut(k K, build func() V) V {
	if v, ok := c.Get(k); ok {
		return v
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := c.promote(k); ok {
		return v
	}
	v := build()
	c.put(k, v)
	return v
}

// Put keeps v under k.
func (c *Recent[K, V]) Put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.old, k)
	c.put(k, v)
}

// Delete forgets the value under k.
func (c *Recent[K, V]) Delete(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, k)
	delete(c.old, k)
}

// Len returns the number of values held.
func (c *Recent[K, V]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.young) + len(c.old)
}

// promote finds k in either generation and leaves it in the young one.
func (c *Recent[K, V]) promote(k K) (V, bool) {
	if v, ok := c.young[k]; ok {
		return v, true
	}
	v, ok := c.old[k]
	if ok {
		delete(c.old, k)
		c.put(k, v)
	}
	return v, ok
}

func (c *Recent[K, V]) put(k K, v V) {
	if _, held := c.young[k]; !held && len(c.young) >= c.half {
		c.old, c.young = c.young, map[K]V{}
	}
	c.young[k] = v
}
