package store

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// content is what a helper is given to keep: the user name with the secret,
// because pass makes a file name of user names, and the registry that it is for.
type content struct {
	Registry string `json:"registry"`
	Credential
}

// pack makes one line of a credential, of letters that every helper keeps as
// they are: passwords have quotes, colons, newlines and any script.
func pack(registry string, c Credential) (string, error) {
	text, err := json.Marshal(content{registry, c})
	return base64.StdEncoding.EncodeToString(text), err
}

// unpack reads what pack has made for the same registry. A helper that confuses
// its entries must not send a password to another registry.
func unpack(registry, packed string) (Credential, error) {
	var c content
	text, err := base64.StdEncoding.DecodeString(packed)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.Registry != registry || c.Username == "" {
		return Credential{}, errors.New("has something else in its place")
	}
	return c.Credential, nil
}
