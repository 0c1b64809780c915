package seal

import (
	"crypto/hpke"
	"fmt"
	"testing"
)

func BenchmarkSeal(b *testing.B) {
	f := newFixture(b)
	s, err := NewSealer(f.read.Public(), 1)
	if err != nil {
		b.Fatal(err)
	}
	v := NewSecret(make([]byte, 100))
	for b.Loop() {
		if _, err := s.Seal(f.place(), v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen is to be held against BenchmarkOpenBare: at most 1.15 times.
func BenchmarkOpen(b *testing.B) {
	f := newFixture(b)
	s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret(make([]byte, 100)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := f.read.OpenValue(f.place(), s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenBare(b *testing.B) {
	f := newFixture(b)
	s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret(make([]byte, 100)))
	if err != nil {
		b.Fatal(err)
	}
	_, box, err := splitSealed(s)
	if err != nil {
		b.Fatal(err)
	}
	k, info := f.read.hold().open, f.place().info(1)
	for b.Loop() {
		if _, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info, box); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseSealed(b *testing.B) {
	f := newFixture(b)
	s, err := sealValue(f.read.Public(), 1, f.place(), NewSecret(make([]byte, 100)))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ParseSealed(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseNote(b *testing.B) {
	f := newFixture(b)
	signed, hash := f.note.Signed(), f.note.Hash()
	b.Run("verified", func(b *testing.B) {
		for b.Loop() {
			if _, err := ParseNote(signed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("known", func(b *testing.B) {
		for b.Loop() {
			if _, err := ParseNote(signed, hash); err != nil {
				b.Fatal(err)
			}
		}
	})
	n := f.unsigned.Clone()
	for i := range 100 {
		n.Members = append(n.Members, Member{Name: fmt.Sprintf("z%03d", i), Recipient: hybrid(b).Recipient().String(), Slots: []Slot{"dev.read", "production.read"}})
	}
	large := f.sign(b, n)
	b.Run("102 members", func(b *testing.B) {
		for b.Loop() {
			if _, err := ParseNote(large.Signed()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkUnwrap(b *testing.B) {
	f := newFixture(b)
	wrap, err := WrapKey(f.read, f.id, f.alice.Recipient())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := UnwrapKey(wrap, f.note, "production.read", 1, f.alice); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenText(b *testing.B) {
	f := newFixture(b)
	signed, err := f.publish.Sign(f.id, make500())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := OpenText(signed, f.id, f.publish.Public()); err != nil {
			b.Fatal(err)
		}
	}
}

func make500() []byte {
	text := make([]byte, 500)
	for i := range text {
		text[i] = 'a'
	}
	text[499] = '\n'
	return text
}
