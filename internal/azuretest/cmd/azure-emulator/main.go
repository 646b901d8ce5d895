// Azure-emulator runs the emulator of Azure by hand (make emulator) and prints
// what to export so that clients reach it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"docker-credential-acr/internal/azuretest"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("azure-emulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("config", "", "read the world from this JSON `file`")
	show := flags.Bool("print", true, "print the variables to export")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var c azuretest.Config
	if *file != "" {
		data, err := os.ReadFile(*file)
		if err == nil {
			c, err = azuretest.ParseConfig(data)
		}
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	// Before the start, so that no signal finds files that nobody removes.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	a, err := azuretest.New(c)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if *show {
		printEnv(stdout, a)
	}
	<-stop
	if err := a.Close(); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// printEnv prints lines that a POSIX shell can evaluate.
func printEnv(w io.Writer, a *azuretest.Azure) {
	for _, v := range append(a.Env(), a.EnvFor("service-principal")...) {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(w, "export %s=%s\n", name, "'"+strings.ReplaceAll(value, "'", `'\''`)+"'")
	}
	fmt.Fprintf(w, "# %s and others are there until Ctrl-C, or: kill %d\n", azuretest.MyRegistry, os.Getpid())
}
