package live

import (
	"io"
	"log"
)

// quiet is a log for servers of tests that are spoken to wrongly on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
