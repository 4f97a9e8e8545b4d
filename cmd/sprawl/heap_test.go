package main

import "testing"

func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 400}, {1 << 20, 400}, {heapFloor / 2, 100}, {heapFloor * 4 / 5, collectAt}, {heapFloor, collectAt}, {1 << 40, collectAt},
	} {
		if got := growth(c.live); got != c.want {
			t.Errorf("%d live bytes: %d %%, want %d", c.live, got, c.want)
		}
	}
}
