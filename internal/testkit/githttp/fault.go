package githttp

import (
	"errors"
	"maps"
	"net/http"
	"time"
)

// Fault is what goes wrong with requests.
type Fault struct {
	Repo    string        // of this repository, "" for all
	Kind    Kind          // of this kind, Any for all
	Times   int           // with so many requests, 0 for every one until Heal
	Latency time.Duration // waits before it answers
	Status  int           // answers this, and asks git nothing; 0 for git's answer
	Header  http.Header   // of that answer: Retry-After, Location
	Cut     int64         // breaks the connection after so many bytes of the answer's body, 0 for never
	Broken  func()        // called once those bytes have gone out, before the connection breaks; may be nil
}

func (f *Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Latency > 0 {
		select {
		case <-time.After(f.Latency):
		case <-r.Context().Done():
			return
		}
	}
	if f.Status != 0 {
		maps.Copy(w.Header(), f.Header)
		refuse(w, f.Status)
		return
	}
	if f.Cut == 0 {
		next.ServeHTTP(w, r)
		return
	}
	c := &cutter{ResponseWriter: w, left: f.Cut}
	next.ServeHTTP(c, r)
	if c.cut {
		if f.Broken != nil {
			f.Broken()
		}
		panic(http.ErrAbortHandler)
	}
}

var errCut = errors.New("the connection is cut here")

// cutter lets the first bytes of an answer through and fails then, which ends the program behind it.
type cutter struct {
	http.ResponseWriter
	left int64
	cut  bool
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.cut {
		return 0, errCut
	}
	over := int64(len(p)) > c.left
	if over {
		p = p[:c.left]
	}
	n, err := c.ResponseWriter.Write(p)
	c.left -= int64(n)
	if over && err == nil {
		c.cut, err = true, errors.Join(http.NewResponseController(c.ResponseWriter).Flush(), errCut)
	}
	return n, err
}
