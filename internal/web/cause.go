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
	"syscall"
)

// Cause says in a few words of our own why a request failed. The text of the
// error itself is not used: a malformed answer stands in it as the other side
// sent it, and what the other side sends may echo a token.
func Cause(err error) string {
	var (
		proxy    *ProxyError
		dns      *net.DNSError
		op       *net.OpError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		alert    tls.AlertError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &proxy):
		return proxy.Error()
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy cannot be reached (" + Cause(op.Err) + ")"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host"
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.As(err, &hostname):
		return "its certificate is for another host"
	case errors.As(err, &unknown):
		return "its certificate is signed by an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or this machine's clock is wrong"
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "its certificate is not valid"
	case errors.As(err, &alert), errors.As(err, &record):
		return "no TLS connection can be agreed on"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
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
		alert  tls.AlertError
		record tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &proxy):
		return proxy.Status >= http.StatusInternalServerError
	case NoSuchHost(err), errors.Is(err, context.Canceled), errors.As(err, &verify), errors.As(err, &alert), errors.As(err, &record):
		return false
	}
	return true
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
