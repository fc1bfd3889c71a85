package sage

import (
	"sync"
	"weak"

	"github.com/dossier-crm/dossier/internal/crm"
	"github.com/dossier-crm/dossier/internal/resource"
)

// rowKey names one rendering of one version of one row. A change of the row is a
// new version; a change of anything its references show is a new generation; a
// change of the extra fields is a new resource. So nothing is ever invalidated. The
// pointers are weak: a workspace that was closed is not to be held by its last rows.
type rowKey struct {
	service    weak.Pointer[crm.Service]       // the workspace
	resource   weak.Pointer[resource.Resource] // as of one catalog
	id         int64
	version    int64
	generation int64
	variant    variant
}

// renderedRow is a row as those see it from whom nothing is hidden. It must not be
// changed.
type renderedRow struct {
	body  []byte
	links []link // to tables with hidden records, in order
}

// rowCache keeps rendered rows within a budget of bytes. It has two halves: a
// row that is asked for moves to the young half; when that is full, the old half
// is dropped and the young one becomes old.
//
// A row is kept when it is rendered for the second time. Most are asked for once: to
// keep those would cost more than it ever saves, and drive out the others.
type rowCache struct {
	shards [cacheShards]cacheShard
	budget int // bytes in one half of one shard
}

const (
	cacheShards = 8 // power of two

	// rowOverhead is what a cached row costs beyond its bytes: key, slice
	// headers and their share of the map; linkOverhead what each of its links does.
	rowOverhead  = 184
	linkOverhead = 32

	// cacheMarks is how many rows of a shard are remembered to have been rendered,
	// about as many as there is room for; a power of two.
	cacheMarks = 4096
)

type cacheShard struct {
	mu         sync.Mutex
	young, old map[rowKey]renderedRow
	used       int // bytes in young
	marks      [cacheMarks]uint32
}

func newRowCache(bytes int) *rowCache {
	return &rowCache{budget: bytes / (2 * cacheShards)}
}

func (c *rowCache) shard(k rowKey) *cacheShard {
	return &c.shards[uint64(k.id)%cacheShards]
}

// get returns a cached row.
func (c *rowCache) get(k rowKey) (renderedRow, bool) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if row, ok := s.young[k]; ok {
		return row, true
	}
	row, ok := s.old[k]
	if ok {
		delete(s.old, k)
		s.put(k, row, c.budget)
	}
	return row, ok
}

// wants reports whether a row is to be kept that was just rendered: it has been
// before. Now and then it takes one row for another.
func (c *rowCache) wants(k rowKey) bool {
	if c.budget <= 0 {
		return false
	}
	// The last bits of the id have chosen the shard.
	mix := (uint64(k.id) ^ uint64(k.version)<<40 ^ uint64(k.generation)<<20) * 0x9e3779b97f4a7c15
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	mark := &s.marks[mix>>52%cacheMarks]
	seen := *mark == uint32(mix)|1
	*mark = uint32(mix) | 1 // never 0, which is none
	return seen
}

// put keeps a row.
func (c *rowCache) put(k rowKey, row renderedRow) {
	s := c.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(k, row, c.budget)
}

func (s *cacheShard) put(k rowKey, row renderedRow, budget int) {
	cost := len(row.body) + len(row.links)*linkOverhead + rowOverhead
	if cost > budget {
		return
	}
	if s.young == nil || s.used+cost > budget {
		s.old, s.young, s.used = s.young, make(map[rowKey]renderedRow), 0
	}
	if _, there := s.young[k]; !there {
		s.used += cost
	}
	s.young[k] = row
}
