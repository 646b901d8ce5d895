// Package atrest seals files with a key that the system keeps for this user on
// this machine, outside of every file: a copied home directory, a backup or an
// image layer is of no use without it. No person is asked for anything.
//
//	Linux    a random key in the kernel's keyring, until the machine restarts
//	Windows  DPAPI, whose keys hang on the user's password
//	others   nothing; macOS asks a person whenever another build of a program
//	         wants to read what one has put into the keychain
//
// It is no protection against programs of the same user or root on the same
// machine, which can ask the system for the key as this program does.
package atrest
