package main

import "slices"

// platform is what Go builds for.
type platform struct{ os, arch string }

var platforms = []platform{
	{"linux", "amd64"},
	{"linux", "arm64"},
	{"linux", "arm"},
	{"linux", "ppc64le"},
	{"linux", "riscv64"},
	{"linux", "s390x"},
	{"darwin", "amd64"},
	{"darwin", "arm64"},
	{"windows", "amd64"},
	{"windows", "arm64"},
}

func (p platform) String() string { return p.os + "-" + p.arch }

func (p platform) in(names []string) bool { return slices.Contains(names, p.String()) }

// arm is the oldest processor of Debian's armhf less one: those of the first
// Raspberry Pi, which run Raspberry Pi OS' armhf.
const arm = "6"

func (p platform) exe() string {
	if p.os == "windows" {
		return name + ".exe"
	}
	return name
}
