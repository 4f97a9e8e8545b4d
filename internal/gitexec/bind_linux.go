package gitexec

import (
	"os/exec"
	"syscall"
)

// bind has the system end git when this process is killed, so that none goes on writing to what another process has by then.
// What git itself started ends soon after, for want of input. The thread that starts it must not end before it.
func bind(cmd *exec.Cmd) { cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL }
