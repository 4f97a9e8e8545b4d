package health

import (
	"time"

	"golang.org/x/sys/windows"
)

// cpuTime is what the process has taken of all processors. Filetime's Nanoseconds count from another epoch, so its ticks are taken: 100 ns.
func cpuTime() (time.Duration, bool) {
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user); err != nil {
		return 0, false
	}
	return ticks(kernel) + ticks(user), true
}

func ticks(f windows.Filetime) time.Duration {
	return time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime)) * 100
}

func maxFiles() (float64, bool) { return 0, false }
