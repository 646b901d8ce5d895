package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Platform is where a managed identity comes from, in MSAL's words
// (managedidentity.Source).
type Platform string

// The platforms.
const (
	// Metadata is the instance metadata service of a virtual machine, or nothing.
	Metadata      Platform = "DefaultToIMDS"
	AzureArc      Platform = "AzureArc"
	ServiceFabric Platform = "ServiceFabric"
	CloudShell    Platform = "CloudShell"
	AzureML       Platform = "AzureML"
	AppService    Platform = "AppService"
)

// platform finds out which one this is, as MSAL's GetSource does. A test of
// package identity holds that they agree.
func (e *environment) platform() Platform {
	set := func(name string) bool { return e.get(name) != "" }
	switch {
	case set("IDENTITY_ENDPOINT") && set("IDENTITY_HEADER"):
		if set("IDENTITY_SERVER_THUMBPRINT") && !e.containerInstances() {
			return ServiceFabric
		}
		return AppService
	case set("MSI_ENDPOINT"):
		if set("MSI_SECRET") {
			return AzureML
		}
		return CloudShell
	case set("IDENTITY_ENDPOINT") && set("IMDS_ENDPOINT"), arcInstalled():
		return AzureArc
	}
	return Metadata
}

// containerInstances reports that this is Azure Container Instances, whose
// variables look like Service Fabric's but for the endpoint's http.
func (e *environment) containerInstances() bool {
	return strings.HasPrefix(e.get("IDENTITY_ENDPOINT"), "http://") && e.get("IDENTITY_HEADER") != "" && e.get("IDENTITY_SERVER_THUMBPRINT") != ""
}

// arcInstalled looks for Azure Arc's agent, which needs no variables
// (https://learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication).
func arcInstalled() bool {
	path := ""
	switch runtime.GOOS {
	case "windows":
		path = filepath.Join(os.Getenv("ProgramData"), "AzureConnectedMachineAgent", "himds.exe")
	case "linux":
		path = "/opt/azcmagent/bin/himds"
	default:
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}
