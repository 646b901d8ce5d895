package who

import (
	"cmp"
	"os"

	"docker-credential-acr/internal/config"
)

// managedIdentity is the identity of the machine or service that this runs on:
// the user-assigned one that the configuration or AZURE_CLIENT_ID names, or the
// system-assigned one.
func managedIdentity(c config.Azure) Source {
	s := Source{Title: "managed identity"}
	switch {
	case c.ResourceID != "":
		s.ID, s.Who = "resource="+c.ResourceID, text(c.ResourceID)
	case c.ObjectID != "":
		s.ID, s.Who = "object="+c.ObjectID, text("object "+c.ObjectID)
	case c.ClientID != "":
		s.ID, s.Who = "client="+c.ClientID, text("application "+c.ClientID)
	default:
		// A home directory on the network is shared by machines with
		// identities of their own.
		name, _ := os.Hostname()
		s.ID, s.Who = "system of "+name, text("system-assigned")
	}
	if p := c.Platform; p != config.Metadata {
		s.ID += " on " + string(p)
		s.Configured = true // the platform set its variables for this very purpose
	} else {
		s.Unsure = !c.Named
	}
	return s
}

// UserAssigned is the managed identity that the configuration names; empty for
// the system-assigned one.
func UserAssigned(c config.Azure) string { return cmp.Or(c.ResourceID, c.ObjectID, c.ClientID) }
