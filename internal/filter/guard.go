package filter

// Guard returns e with every path through references guarded: a reference to a
// record that does not satisfy guard(table) counts as null. guard returns nil for
// tables whose records everyone may see. e itself stays as it is.
func Guard(e Expr, guard func(table string) Expr) Expr {
	switch e := e.(type) {
	case And:
		return And(guardAll(e, guard))
	case Or:
		return Or(guardAll(e, guard))
	case *Compare:
		if path, guarded := e.Path.guard(guard); guarded {
			return &Compare{Path: path, Op: e.Op, Args: e.Args}
		}
	}
	return e
}

func guardAll(list []Expr, guard func(string) Expr) []Expr {
	guarded := make([]Expr, len(list))
	for i, e := range list {
		guarded[i] = Guard(e, guard)
	}
	return guarded
}

// GuardOrder is Guard for an order.
func GuardOrder(order []Term, guard func(table string) Expr) []Term {
	guarded := make([]Term, len(order))
	for i, t := range order {
		path, _ := t.Path.guard(guard)
		guarded[i] = Term{Path: path, Desc: t.Desc}
	}
	return guarded
}

// guard reports whether the path needs any guards, and returns it with them. The
// last reference of a path that ends in an id needs none: the number is in the
// record itself, where it is shown.
func (p Path) guard(guard func(string) Expr) (Path, bool) {
	hops := p.Via
	if !p.Title && p.Field.Index == 0 && len(hops) > 0 {
		hops = hops[:len(hops)-1]
	}
	var guards []Expr
	for i, f := range hops {
		g := guard(f.Table)
		if g == nil {
			continue
		}
		if guards == nil {
			guards = make([]Expr, len(p.Via))
		}
		guards[i] = g
	}
	p.Guards = guards
	return p, guards != nil
}
