package main

import "github.com/cpuguy83/dockercfg"

// dockercfgForm is the form of the credentials of a host, without the secret.
func dockercfgForm(host string) (string, error) {
	user, secret, err := dockercfg.GetRegistryCredentials(host)
	switch {
	case user != "":
		return "user " + user, err
	case secret != "":
		return "identity token", err
	}
	return "no credentials", err
}
