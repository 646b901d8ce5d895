package command

import (
	"os"

	"golang.org/x/sys/windows"
)

// escapes has a console understand escape sequences, which the older ones do only
// when they are told to
// (https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences).
func escapes(f *os.File) bool {
	console := windows.Handle(f.Fd())
	var mode uint32
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
