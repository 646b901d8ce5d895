// Package azuretest is an emulator of the part of Azure that a client of Azure
// Container Registry meets: Microsoft Entra, the instance metadata service and
// the other sources of managed identities, the identity providers of GitHub
// Actions and Azure Pipelines, Azure Resource Manager as far as the Azure CLI
// needs it, and any number of registries with a real (in-memory) registry
// behind their tokens.
//
// It is one process-local HTTP proxy. A client reaches it unmodified, under the
// real names of the services, with the variables of [Azure.Env]: CONNECT is
// ended here with certificates of the emulator's own authority. In-process
// clients use [Azure.Transport].
//
// Every answer follows what was seen on the wire (reference wire.md); what is
// inferred says so where it is written. The emulator is strict: a request that
// nobody expects is recorded, and fails the test that [Start] was given.
//
// The package is for tests and the demo and is never linked into the program.
package azuretest
