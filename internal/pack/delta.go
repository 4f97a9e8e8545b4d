package pack

import (
	"errors"
	"fmt"

	"sprawl/sources"
)

var (
	errDeltaShort = errors.New("delta ends inside an instruction")
	errDeltaZero  = errors.New("delta holds the reserved instruction 0")
	errDeltaCopy  = errors.New("delta copies from outside its base")
	errDeltaSize  = errors.New("delta does not make the size it declares")
	errVarint     = errors.New("size does not fit 63 bits")
)

// uvarint reads a little-endian base-128 number, at most 63 bits, and returns its length; n is 0 on errors.
func uvarint(b []byte) (v int64, n int, err error) {
	var shift uint
	for i, c := range b {
		if shift > 56 {
			return 0, 0, errVarint
		}
		v |= int64(c&0x7f) << shift
		shift += 7
		if c < 0x80 {
			return v, i + 1, nil
		}
	}
	return 0, 0, errDeltaShort
}

// deltaSizes reads the two sizes that head a delta and returns the instructions after them.
func deltaSizes(delta []byte) (base, target int64, rest []byte, err error) {
	base, n, err := uvarint(delta)
	if err != nil {
		return 0, 0, nil, err
	}
	target, m, err := uvarint(delta[n:])
	if err != nil {
		return 0, 0, nil, err
	}
	return base, target, delta[n+m:], nil
}

// copyOp reads the operands of copy instruction op from d. n is how many bytes of d they take, -1 if d is too short.
func copyOp(op byte, d []byte) (off, size int64, n int) {
	if len(d) >= 7 {
		// The common case, without a length check for every operand.
		d = d[:7:7]
	} else {
		var pad [7]byte
		have := copy(pad[:], d)
		off, size, n = copyOp(op, pad[:])
		if n > have {
			return 0, 0, -1
		}
		return off, size, n
	}
	i := 0
	for k := range 4 {
		if op&(1<<k) != 0 {
			off |= int64(d[i]) << (8 * k)
			i++
		}
	}
	for k := range 3 {
		if op&(0x10<<k) != 0 {
			size |= int64(d[i]) << (8 * k)
			i++
		}
	}
	if size == 0 {
		size = 0x10000
	}
	return off, size, i
}

// checkDelta reads a delta's instructions without carrying them out: every copy lies in the base and the sum is the target
// size. So apply needs no buffer before the delta is known to fill it.
func checkDelta(delta []byte, baseSize int64) (target int64, err error) {
	base, target, d, err := deltaSizes(delta)
	if err != nil {
		return 0, err
	}
	if base != baseSize {
		return 0, fmt.Errorf("delta is for a base of %d bytes, not %d", base, baseSize)
	}
	var made int64
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		switch {
		case op&0x80 != 0:
			off, size, n := copyOp(op, d)
			if n < 0 {
				return 0, errDeltaShort
			}
			if off+size > base {
				return 0, errDeltaCopy
			}
			d = d[n:]
			made += size
		case op == 0:
			return 0, errDeltaZero
		default:
			if int(op) > len(d) {
				return 0, errDeltaShort
			}
			d = d[op:]
			made += int64(op)
		}
		if made > target {
			return 0, errDeltaSize
		}
	}
	if made != target {
		return 0, errDeltaSize
	}
	return target, nil
}

// applyDelta makes dst from base. checkDelta accepted delta for len(base), and len(dst) is the target size it returned.
func applyDelta(dst, base, delta []byte) {
	_, _, d, _ := deltaSizes(delta)
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		if op&0x80 != 0 {
			off, size, n := copyOp(op, d)
			d = d[n:]
			copy(dst, base[off:off+size])
			dst = dst[size:]
			continue
		}
		copy(dst, d[:op])
		dst, d = dst[op:], d[op:]
	}
}

// Runs appends to dst the runs of the target that delta copies from its base, sorted by Target; runs that continue each other
// in both are one. It accepts what Walk hands out as Object.Delta, and errs on anything malformed.
func Runs(delta []byte, dst []sources.Run) (runs []sources.Run, baseSize, targetSize int64, err error) {
	baseSize, targetSize, d, err := deltaSizes(delta)
	if err != nil {
		return dst, 0, 0, err
	}
	first := len(dst)
	var at int64
	for len(d) > 0 {
		op := d[0]
		d = d[1:]
		switch {
		case op&0x80 != 0:
			off, size, n := copyOp(op, d)
			if n < 0 {
				return dst[:first], 0, 0, errDeltaShort
			}
			if off+size > baseSize {
				return dst[:first], 0, 0, errDeltaCopy
			}
			d = d[n:]
			if k := len(dst) - 1; k >= first && dst[k].Target+dst[k].Len == at && dst[k].Base+dst[k].Len == off {
				dst[k].Len += size
			} else {
				dst = append(dst, sources.Run{Target: at, Base: off, Len: size})
			}
			at += size
		case op == 0:
			return dst[:first], 0, 0, errDeltaZero
		default:
			if int(op) > len(d) {
				return dst[:first], 0, 0, errDeltaShort
			}
			d = d[op:]
			at += int64(op)
		}
		if at > targetSize {
			return dst[:first], 0, 0, errDeltaSize
		}
	}
	if at != targetSize {
		return dst[:first], 0, 0, errDeltaSize
	}
	return dst, baseSize, targetSize, nil
}
