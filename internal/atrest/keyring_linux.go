package atrest

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"runtime"

	"golang.org/x/sys/unix"
)

// The key lies in the user keyring, @u of keyctl(1), because this one alone is
// the same for every process of the user: a login's, cron's, a systemd
// service's, sudo's. Session keyrings end with their session, the user session
// keyring is hidden by any other, and persistent keyrings are an option of the
// kernel, and expire. The user keyring lasts until the machine restarts (before
// Linux 5.3: until the user's last process ends). Each user namespace, such as a
// rootless container's, has its own. See user-keyring(7).
const (
	keyring     = unix.KEY_SPEC_USER_KEYRING
	keyType     = "user"
	description = "docker-credential-acr"
	keySize     = 32 // AES-256
)

// permissions lets every process of the user find and read the key. What the
// kernel gives by default lets only those read it that possess it: whose session
// keyring leads to the user keyring, which that of a systemd service does not
// (systemd.exec(5), KeyringMode). LINK is for the move into the keyring. Nobody
// can change the key or its permissions; unlinking it needs the keyring's
// alone. See keyctl_setperm(3).
const permissions = possessorLink |
	(view|read|search)<<possessorShift | (view|read|search)<<userShift

const (
	view, read, search, link  = 0x01, 0x02, 0x08, 0x10
	possessorShift, userShift = 24, 16
	possessorLink             = link << possessorShift
)

// Sealer is the system's key for this user. The zero value is ready for use and
// safe for concurrent use; it holds no key itself, so that one which is lost or
// replaced meanwhile is noticed.
type Sealer struct {
	description string // of the key, instead of the constant, for tests
}

// errForeign is the error of find for a key that this program has not made.
var errForeign = errors.New("the key in the keyring is of another size")

// ID names the key, or is "" where there is none.
func (s Sealer) ID() string {
	key, err := s.find()
	if err != nil {
		return ""
	}
	return fingerprint(key)
}

// Seal encrypts and authenticates plain, and authenticates about, which Open
// must be given as well. It makes a key where there is none; id names it. Where
// none can be made (keyctl is blocked in most containers; a user has no room for
// more than 200 keys) that is an error.
func (s Sealer) Seal(plain, about []byte) (sealed []byte, id string, err error) {
	key, err := s.find()
	if err != nil {
		key, err = s.create(err)
	}
	if err != nil {
		return nil, "", err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, "", err
	}
	return aead.Seal(nil, nil, plain, about), fingerprint(key), nil
}

// Open undoes Seal. It is an error if the key is no longer there, or if sealed
// or about is not what it was.
func (s Sealer) Open(sealed, about []byte) ([]byte, error) {
	key, err := s.find()
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, nil, sealed, about)
}

// newAEAD returns AES-GCM, which puts a random nonce before what it seals. One
// key is safe for 2^32 of these; this program makes a few an hour.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (s Sealer) name() string { return cmp.Or(s.description, description) }

// find reads the key. It is ENOKEY where there is none, and EKEYREVOKED or
// EKEYEXPIRED where there was one.
func (s Sealer) find() ([]byte, error) {
	serial, err := unix.KeyctlSearch(keyring, keyType, s.name(), 0)
	if err != nil {
		return nil, err
	}
	key := make([]byte, keySize+1)
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, serial, key, 0)
	if err != nil {
		return nil, err
	}
	if n != keySize {
		return nil, errForeign
	}
	return key[:keySize], nil
}

// create makes a key, or finds the one that another process makes at the same
// moment. why is the error of find.
func (s Sealer) create(why error) ([]byte, error) {
	var flags int
	switch {
	case errors.Is(why, unix.ENOKEY):
		flags = unix.KEYCTL_MOVE_EXCL // the first one wins
	case errors.Is(why, unix.EKEYREVOKED), errors.Is(why, unix.EKEYEXPIRED), errors.Is(why, unix.EKEYREJECTED), errors.Is(why, errForeign):
		// What is dead is in the way until the kernel collects it, minutes later.
	default:
		return nil, why
	}
	// The key is born in a keyring of this thread, so that nobody finds it before
	// it has its permissions, and it goes with the thread after a kill.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	serial, err := unix.AddKey(keyType, s.name(), key, unix.KEY_SPEC_THREAD_KEYRING)
	if err != nil {
		return nil, err
	}
	// Without effect once the key is moved.
	defer unix.KeyctlInt(unix.KEYCTL_UNLINK, serial, unix.KEY_SPEC_THREAD_KEYRING, 0, 0) //nolint:errcheck // it ends with the thread
	if err := unix.KeyctlSetperm(serial, permissions); err != nil {
		return nil, err
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_MOVE, serial, unix.KEY_SPEC_THREAD_KEYRING, keyring, flags)
	if errors.Is(err, unix.EOPNOTSUPP) {
		// Linux before 5.3 has no move. Of two processes that link at once the
		// last one wins, which costs the other's entry.
		_, err = unix.KeyctlInt(unix.KEYCTL_LINK, serial, keyring, 0, 0)
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, err
	}
	return s.find()
}
