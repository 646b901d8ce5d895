package process

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Root is a directory that is always there and that only administrators fill.
func Root() string {
	dir, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return `C:\Windows`
	}
	return dir
}

// Start starts cmd, without those of this process's variables that are its own
// secrets or that ctx is Without, such that the end of cmd's context kills it with
// everything it has started: all are in one job. The job also ends with this process, however
// that ends; release lets go of what the tool left behind when it exited.
//
// The tool gets a console of its own that is never shown. Nothing can ask there,
// and no window flashes up behind Docker Desktop.
func Start(ctx context.Context, cmd *exec.Cmd) (release func(), err error) {
	withoutSecrets(ctx, cmd)
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
	if err := throughCmd(cmd); err != nil {
		return nil, err
	}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, errors.New("no job object: " + err.Error())
	}
	if err := killOnClose(job, true); err != nil {
		windows.CloseHandle(job) //nolint:errcheck // nothing is in it
		return nil, errors.New("no job object: " + err.Error())
	}
	cmd.Cancel = func() error {
		// The tool may not be in the job yet.
		return errors.Join(windows.TerminateJobObject(job, 1), cmd.Process.Kill())
	}
	if err := cmd.Start(); err != nil {
		windows.CloseHandle(job) //nolint:errcheck // nothing is in it
		return nil, err
	}
	// os/exec cannot start a process inside a job. Until the next line is
	// through, a child that the tool starts would escape; but cmd.exe and
	// PowerShell need milliseconds before they start any. Should it fail, the
	// tool alone can be killed, which is better than not to ask it.
	_ = cmd.Process.WithHandle(func(process uintptr) {
		_ = windows.AssignProcessToJobObject(job, windows.Handle(process))
	})
	return func() {
		_ = killOnClose(job, false) // then they die with the handle
		windows.CloseHandle(job)    //nolint:errcheck // nothing to be done
	}, nil
}

// killOnClose says whether all in the job die with its last handle.
func killOnClose(job windows.Handle, kill bool) error {
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	if kill {
		info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	}
	_, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err
}

// throughCmd rewrites cmd if it is a batch file, as az is. Left to itself,
// CreateProcess hands a batch file to whatever cmd.exe it finds, with a command
// line whose quotes cmd.exe may strip in the wrong places: "C:\Program Files
// (x86)\…\az.cmd" is such a place (https://go.dev/issue/17149). With /s exactly
// the outer quotes go (https://learn.microsoft.com/windows-server/administration/windows-commands/cmd).
// /d ignores AutoRun, /v:off leaves exclamation marks alone.
func throughCmd(cmd *exec.Cmd) error {
	switch strings.ToLower(filepath.Ext(cmd.Path)) {
	case ".cmd", ".bat":
	default:
		return nil
	}
	if strings.ContainsAny(cmd.Path, `"%`) { // there is no way to quote these
		return errors.New("the name of its directory has a percent sign")
	}
	for _, arg := range cmd.Args[1:] {
		if !batchArgument(arg) {
			return errors.New("an argument cannot be passed to a batch file")
		}
	}
	system, err := windows.GetSystemDirectory()
	if err != nil {
		return err
	}
	cmd.SysProcAttr.CmdLine = `cmd.exe /d /v:off /s /c ""` + cmd.Path + `" ` + strings.Join(cmd.Args[1:], " ") + `"`
	cmd.Path = filepath.Join(system, "cmd.exe")
	return nil
}

// batchArgument reports whether cmd.exe takes arg as it stands. All that is
// passed here is made of options, base64, ids and URLs.
func batchArgument(arg string) bool {
	return arg != "" && strings.Trim(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:+=-") == ""
}
