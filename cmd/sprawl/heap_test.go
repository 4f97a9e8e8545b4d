package main

import "testing"

func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 1600}, {1 << 20, 1600}, {heapFloor / 8, 700}, {heapFloor / 2, 100}, {heapFloor * 4 / 5, collectAt}, {heapFloor, collectAt}, {1 << 40, collectAt},
	} {
		if got := growth(c.live); got != c.want {
			t.Errorf("%d live bytes: %d %%, want %d", c.live, got, c.want)
		}
	}
}
