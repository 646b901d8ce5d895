package atrest

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Sealer is the system's key for this user. The zero value is ready for use and
// safe for concurrent use; it holds no key itself, so that one which is lost or
// replaced meanwhile is noticed.
type Sealer struct{}

// ID names the user and the machine. The key itself has no name, and which one
// sealed something is known to Windows alone; but another user, or this one on
// another machine that shares the directory, has another key.
func (Sealer) ID() string {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return ""
	}
	machine, err := windows.ComputerName()
	if err != nil {
		return ""
	}
	return fingerprint([]byte(machine + "\n" + user.User.Sid.String()))
}

// Seal encrypts and authenticates plain with DPAPI, bound to about, which Open
// must be given as well; id names the key. It is an error where the user's
// profile is not loaded, as for some services.
func (s Sealer) Seal(plain, about []byte) (sealed []byte, id string, err error) {
	id = s.ID()
	if id == "" {
		return nil, "", errors.New("the system does not say who this is")
	}
	var out windows.DataBlob
	err = windows.CryptProtectData(blob(plain), nil, blob(about), 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, "", err
	}
	return take(out), id, nil
}

// Open undoes Seal. It is an error if the user's key is not at hand, or if
// sealed or about is not what it was.
func (Sealer) Open(sealed, about []byte) ([]byte, error) {
	var out windows.DataBlob
	err := windows.CryptUnprotectData(blob(sealed), nil, blob(about), 0, nil, windows.CRYPTPROTECT_UI_FORBIDDEN, &out)
	if err != nil {
		return nil, err
	}
	return take(out), nil
}

func blob(b []byte) *windows.DataBlob {
	return &windows.DataBlob{Size: uint32(len(b)), Data: unsafe.SliceData(b)}
}

// take copies what Windows has allocated, and frees it.
func take(b windows.DataBlob) []byte {
	defer windows.LocalFree(windows.Handle(unsafe.Pointer(b.Data))) //nolint:errcheck // nothing to be done
	return append([]byte(nil), unsafe.Slice(b.Data, b.Size)...)
}
