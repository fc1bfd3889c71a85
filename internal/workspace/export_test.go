package workspace

import "context"

// Tend is one round of Run.
func (m *Manager[T]) Tend(ctx context.Context) { m.tend(ctx) }

// Sweep is one of the rarer rounds of Run.
func (m *Manager[T]) Sweep(ctx context.Context) { m.sweep(ctx) }
