package resource

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSamePhone(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"+34 667 42 60 52", "0034667426052", true},
		{"+34667426052", "667-426-052", true},
		{"(0)30 1234567", "+49 30 1234567", true}, // trunk prefix
		{"+45 12 34 56 78", "12345678", true},
		{"93 322 32 55", "3493223255", false}, // one digit missing
		{"123", "123", true},                  // an extension is itself only
		{"123", "+34667426123", false},
		{"666123456 ext. 12", "666123456", true},
		{"666123456#12", "+34666123456", true},
		{"", "", false},
		{"unknown", "", false},
		{"000", "0", false},
	} {
		if SamePhone(tt.a, tt.b) != tt.same || SamePhone(tt.b, tt.a) != tt.same {
			t.Errorf("%q and %q: same is not %v", tt.a, tt.b, tt.same)
		}
	}
}

// Numbers that are the same have the same tail, so that looking for the tail
// finds all of them.
func TestPhoneTailFindsSamePhones(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		national := rapid.StringMatching(`[1-9][0-9]{6,10}`).Draw(t, "national")
		other := rapid.SampledFrom([]string{"", "0", "+34", "0034 ", "(1) "}).Draw(t, "prefix") + national
		a, b := PhoneTail(national), PhoneTail(other)
		if !SamePhone(national, other) || a != b || a.IsNull() {
			t.Fatalf("%q and %q: tails %v and %v", national, other, a, b)
		}
	})
	if !PhoneTail("no number").IsNull() {
		t.Error("a text without digits has a tail")
	}
}
