package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
)

// Failure is a kind of failed request.
type Failure string

// The kinds that can be told apart.
const (
	ProxyRefused         Failure = "proxy-refused" // see ProxyError
	ProxyUnreachable     Failure = "proxy-unreachable"
	NoHost               Failure = "no-host"
	NameUnresolved       Failure = "name-unresolved"
	CertificateName      Failure = "certificate-name"
	CertificateAuthority Failure = "certificate-authority"
	CertificateTime      Failure = "certificate-time"
	CertificateInvalid   Failure = "certificate-invalid"
	NoTLS                Failure = "no-tls"
	Cancelled            Failure = "cancelled"
	TimedOut             Failure = "timed-out"
	Refused              Failure = "refused"
	Broken               Failure = "broken"
	Unreachable          Failure = "unreachable"
	Unknown              Failure = "unknown"
)

// Classify tells which kind of failure err is.
func Classify(err error) Failure {
	var (
		proxy    *ProxyError
		dns      *net.DNSError
		op       *net.OpError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &proxy):
		return ProxyRefused
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return ProxyUnreachable
	case NoSuchHost(err):
		return NoHost
	case errors.As(err, &dns):
		return NameUnresolved
	case errors.As(err, &hostname):
		return CertificateName
	case errors.As(err, &unknown):
		return CertificateAuthority
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CertificateTime
	case errors.As(err, &invalid), errors.As(err, &verify):
		return CertificateInvalid
	case noTLS(err):
		return NoTLS
	case errors.Is(err, context.Canceled):
		return Cancelled
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return TimedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Broken
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return Unreachable
	}
	return Unknown
}

// Cause says in a few words of our own why a request failed. The text of the
// error itself is not used: a malformed answer stands in it as the other side
// sent it, and what the other side sends may echo a token.
func Cause(err error) string {
	switch kind := Classify(err); kind {
	case ProxyRefused:
		var proxy *ProxyError
		errors.As(err, &proxy)
		return proxy.Error()
	case ProxyUnreachable:
		var op *net.OpError
		errors.As(err, &op)
		return "the proxy cannot be reached (" + Cause(op.Err) + ")"
	case NoHost:
		return "there is no such host"
	case NameUnresolved:
		return "its name cannot be resolved"
	case CertificateName:
		return "its certificate is for another host"
	case CertificateAuthority:
		return "its certificate is signed by an unknown authority"
	case CertificateTime:
		return "its certificate has expired or this machine's clock is wrong"
	case CertificateInvalid:
		return "its certificate is not valid"
	case NoTLS:
		return "no TLS connection can be agreed on"
	case Cancelled:
		return "cancelled"
	case TimedOut:
		return "no answer in time"
	case Refused:
		return "the connection was refused"
	case Broken:
		return "the connection broke"
	case Unreachable:
		return "it cannot be reached from this network"
	}
	return "the connection failed"
}

// NoSuchHost reports whether err says that the host's name does not exist.
func NoSuchHost(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// Passing reports whether a connection error may go away by itself within
// seconds. A name that does not exist, a certificate and a proxy's refusal
// don't.
func Passing(err error) bool {
	var (
		proxy  *ProxyError
		verify *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &proxy):
		return proxy.Status >= http.StatusInternalServerError
	case NoSuchHost(err), errors.Is(err, context.Canceled), errors.As(err, &verify), noTLS(err):
		return false
	}
	return true
}

// noTLS reports whether the two sides agree on no TLS connection, or the other
// speaks something else. Most of crypto/tls's errors have no type but a prefix: an
// alert is one by its operation, "remote error", and a version that is too old has
// nothing else.
func noTLS(err error) bool {
	if errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, new(tls.RecordHeaderError)) {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "tls: ") {
			return true
		}
	}
	return false
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
