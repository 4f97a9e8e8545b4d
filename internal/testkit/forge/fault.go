package forge

import (
	"cmp"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Fault is what goes wrong with requests to the REST interface; for git's there is githttp.Fault.
type Fault struct {
	At    string // METHOD PATH below the interface, a pattern of path.Match: "GET /orgs/*/repos"; "" for all
	After int    // lets so many pass first
	Times int    // strikes so many, 0 for every one until Heal

	Latency time.Duration // waits before it answers
	Status  int           // answers this; 0 for the forge's own answer
	Header  http.Header   // of that answer
	Message string        // of that answer
	Docs    string        // its documentation_url
	Cut     int64         // breaks the connection after so many bytes of the answer's body
	Break   bool          // breaks the connection instead of answering
}

// Secondary is a secondary limit by 403 or 429; after is its Retry-After, 0 for none
// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits).
func Secondary(status int, after time.Duration, times int) Fault {
	f := Fault{
		Times: times, Status: status, Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
		Docs: "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits", Header: http.Header{},
	}
	if after > 0 {
		f.Header.Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	}
	return f
}

// Primary is the hourly limit, spent until reset.
func Primary(reset time.Time, times int) Fault {
	return Fault{
		Times: times, Status: http.StatusForbidden, Message: "API rate limit exceeded for user ID 1.", Docs: "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
		Header: http.Header{"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(reset.Unix(), 10)}},
	}
}

// Storm is an error of the server, so many times.
func Storm(status, times int) Fault {
	return Fault{Times: times, Status: status, Message: "Server Error"}
}

// Unauthorized refuses the token once so many calls have passed.
func Unauthorized(after int) Fault {
	return Fault{After: after, Status: http.StatusUnauthorized, Message: "Bad credentials", Docs: "https://docs.github.com/rest"}
}

// Inject makes requests fail from now on. Of several faults the one that was injected first strikes.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Heal takes all faults away.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// strikes is the fault that a request runs into; the zero one for none.
func (s *Server) strikes(at string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		switch {
		case !matches(f.At, at):
		case f.After > 0:
			f.After--
		default:
			struck := *f
			if f.Times > 0 {
				if f.Times--; f.Times == 0 {
					s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
				}
			}
			if struck.Status != 0 || struck.Break {
				s.counts[at]++
			}
			return struck
		}
	}
	return Fault{}
}

// serve answers as the fault has it; otherwise is the forge's own answer.
func (f Fault) serve(w http.ResponseWriter, r *http.Request, otherwise func(http.ResponseWriter)) {
	if f.Latency > 0 {
		select {
		case <-time.After(f.Latency):
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case f.Break:
		panic(http.ErrAbortHandler)
	case f.Cut > 0:
		cut(w, f.Cut, otherwise)
	case f.Status != 0:
		for k, v := range f.Header {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(f.Status)
		_, _ = w.Write(encode(object{"message": cmp.Or(f.Message, http.StatusText(f.Status)), "documentation_url": f.Docs}))
	default:
		otherwise(w)
	}
}

// cut sends the answer's length and only the start of it.
func cut(w http.ResponseWriter, n int64, answer func(http.ResponseWriter)) {
	rec := httptest.NewRecorder()
	answer(rec)
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	body := rec.Body.Bytes()
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(rec.Code)
	_, err := w.Write(body[:min(n, int64(len(body)))])
	if err = errors.Join(err, http.NewResponseController(w).Flush()); err == nil || n < int64(len(body)) {
		panic(http.ErrAbortHandler)
	}
}
