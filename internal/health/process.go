package health

import (
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// writeProcess writes what dashboards of Prometheus know of any process, by the names of
// https://prometheus.io/docs/instrumenting/writing_clientlibs. What the system does not say is left out.
func writeProcess(w io.Writer, started time.Time) {
	one := func(k kind, name, help string, v float64, ok bool) {
		if ok {
			single(w, k, name, help, v)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	one(gauge, "go_goroutines", "Goroutines that exist.", float64(runtime.NumGoroutine()), true)
	one(gauge, "go_memstats_heap_alloc_bytes", "Bytes of the heap in use, and those not yet collected.", float64(m.HeapAlloc), true)
	one(gauge, "go_memstats_sys_bytes", "Bytes of memory that the runtime has from the system.", float64(m.Sys), true)
	one(counter, "go_memstats_alloc_bytes_total", "Bytes allocated in the heap, those freed included.", float64(m.TotalAlloc), true)
	one(gauge, "process_start_time_seconds", "When the process began to count.", seconds(started), true)
	spent, ok := cpuTime()
	one(counter, "process_cpu_seconds_total", "CPU time that the process has taken, of users and of the system.", spent.Seconds(), ok)
	resident, ok := residentBytes()
	one(gauge, "process_resident_memory_bytes", "Bytes of memory that the process has in RAM.", resident, ok)
	files, ok := openFiles()
	one(gauge, "process_open_fds", "File descriptors that are open.", files, ok)
	limit, ok := maxFiles()
	one(gauge, "process_max_fds", "File descriptors that may be open.", limit, ok)
}

// residentBytes is the second field of statm, in pages: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html.
func residentBytes() (float64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize()), err == nil
}

// openFiles counts the one that it reads the list by.
func openFiles() (float64, bool) {
	d, err := os.Open("/proc/self/fd")
	if err != nil {
		return 0, false
	}
	names, err := d.Readdirnames(-1)
	_ = d.Close()
	return float64(len(names)), err == nil
}
