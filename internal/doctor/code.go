package doctor

import "docker-credential-acr/internal/acr"

// Code is a kind of finding. It is stable: documentation and scripts name it.
// The codes of package dockerconfig are among them.
type Code string

// What is found, by step. Package command has the words.
const (
	Bug      Code = "bug"       // in any step
	NoEnd    Code = "no-end"    // the step did not end in time
	NotTaken Code = "not-taken" // because another step failed or decides

	OnPath  Code = "on-path"
	Foreign Code = "program-foreign"
	Exposed Code = "path-exposed"
	Others  Code = "path-other-owner"

	Configured Code = "configured"

	NotACR       Code = "not-acr"
	BadVariable  Code = "bad-variable"
	BadFile      Code = "bad-file"
	ConfigFile   Code = "config-file"
	NoConfigFile Code = "no-config-file"
	OpenConfig   Code = "config-file-exposed"
	Variables    Code = "variables"

	NameByProxy    Code = "name-by-proxy"
	ProxyInvalid   Code = "proxy-invalid"
	NameUnknown    Code = "name-unknown"
	NameUnresolved Code = "name-unresolved"
	PrivateAddress Code = "private-address"
	PublicAddress  Code = "public-address"
	LocalAddress   Code = "local-address"

	Connected            Code = "connected"
	ConnectedByProxy     Code = "connected-by-proxy"
	OtherIssuer          Code = "other-issuer"
	ProxyUnreachable     Code = "proxy-unreachable"
	ProxyPassword        Code = "proxy-password"
	ProxyPrivate         Code = "proxy-private-endpoint"
	ProxyCannot          Code = "proxy-cannot-reach"
	ProxyRefused         Code = "proxy-refused"
	CertificateAuthority Code = "certificate-authority"
	CertificateName      Code = "certificate-name"
	CertificateExpired   Code = "certificate-expired"
	CertificateAhead     Code = "certificate-not-yet-valid"
	CertificateInvalid   Code = "certificate-invalid"
	NoTLS                Code = "no-tls"
	PrivateUnreachable   Code = "private-endpoint-unreachable"
	NoAnswer             Code = "no-answer"
	ConnectionRefused    Code = "connection-refused"
	ConnectionBroken     Code = "connection-broken"
	NoRoute              Code = "no-route"
	NoConnection         Code = "no-connection"
	IPv6Unreachable      Code = "ipv6-unreachable"
	NoRegistry           Code = "no-registry"
	RealmElsewhere       Code = "realm-elsewhere"
	Throttled            Code = "throttled"
	RegistryTrouble      Code = "registry-trouble"

	ClockRight  Code = "clock-right"
	ClockAhead  Code = "clock-ahead"
	ClockBehind Code = "clock-behind"

	LetIn     Code = "let-in"
	NotLetIn  Code = "firewall"
	Forbidden Code = "forbidden"

	NothingStored  Code = "nothing-stored"
	StoredPassword Code = "stored-password"
	StoredToken    Code = "stored-token"
	StoredSealed   Code = "stored-token-sealed"
	StoreBroken    Code = "store-broken"

	SourceAnswered       Code = "source-answered"
	SourceAbsent         Code = "source-absent"
	SourceFailed         Code = "source-failed"
	SourcesNotAsked      Code = "sources-not-asked"
	NoIdentity           Code = "no-identity"
	SourceMissing        Code = "source-missing"
	PrincipalIncomplete  Code = "service-principal-incomplete"
	ToolSilent           Code = "tool-no-answer"
	Anonymous            Code = "anonymous"
	AnonymousPossible    Code = "anonymous-possible"
	AuthorityUnreachable Code = "authority-unreachable"
	SecretWrong          Code = "secret-wrong"
	SecretExpired        Code = "secret-expired"
	ApplicationUnknown   Code = "application-unknown"
	TenantUnknown        Code = "tenant-unknown"
	CertificateUnknown   Code = "certificate-not-registered"
	FederationMismatch   Code = "federation-mismatch"
	AssertionExpired     Code = "assertion-expired"
	MFARequired          Code = "mfa-required"
	ConditionalAccess    Code = "conditional-access"
	AudienceUnknown      Code = "audience-unknown"
	EntraRefused         Code = "entra-refused"
	AzFailed             Code = "az-failed"
	AzdFailed            Code = "azd-failed"
	PwshFailed           Code = "powershell-failed"
	ManagedFailed        Code = "managed-identity-failed"
	SourceBroken         Code = "source-broken"

	EntraToken  Code = "entra-token"
	EntraOpaque Code = "entra-token-opaque"

	Exchanged          Code = "exchanged"
	NoRole             Code = "no-role"
	PermissionDenied   Code = "permission-denied"
	TokenRefused       Code = "token-refused"
	ARMRefused         Code = "arm-token-refused"
	ExchangeMissing    Code = "exchange-missing"
	ExchangeUnanswered Code = "exchange-unanswered"
	ExchangeFailed     Code = "exchange-failed"

	PermissionsGiven Code = "permissions"
	NoPermissions    Code = "permissions-none"
	NoReading        Code = "permissions-no-pull"

	NoRepositoryNamed  Code = "no-repository-named"
	PullAndPush        Code = "pull-and-push"
	PullOnly           Code = "pull-only"
	ByRepository       Code = "by-repository"
	NoPull             Code = "no-pull"
	NoPullABAC         Code = "no-pull-abac"
	PasswordNoPull     Code = "password-no-pull"
	AnonymousNoPull    Code = "anonymous-no-pull"
	NoRepository       Code = "no-repository"
	PasswordRefused    Code = "password-refused"
	StoredTokenRefused Code = "stored-token-refused"
	AccessRefused      Code = "access-refused"

	CacheReady      Code = "cache-ready"
	CacheSealed     Code = "cache-sealed"
	CacheClear      Code = "cache-clear"
	CacheElsewhere  Code = "cache-elsewhere"
	CacheOff        Code = "cache-off"
	CacheUnwritable Code = "cache-unwritable"
	CacheBlocked    Code = "cache-blocked"
	CacheDisk       Code = "cache-disk"
	CacheForeign    Code = "cache-foreign"
	CacheDamaged    Code = "cache-damaged"
	CacheLocked     Code = "cache-locked"

	FormToken Code = "form-token"
	FormGUID  Code = "form-guid"
)

// codeOf is the code for one of Entra's errors that has words of its own
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func codeOf(number string) (Code, bool) {
	switch number {
	case "AADSTS7000215":
		return SecretWrong, true
	case "AADSTS7000222":
		return SecretExpired, true
	case "AADSTS700016":
		return ApplicationUnknown, true
	case "AADSTS700027":
		return CertificateUnknown, true
	case "AADSTS90002", "AADSTS900023":
		return TenantUnknown, true
	case "AADSTS70021", "AADSTS700211", "AADSTS700212", "AADSTS700213":
		return FederationMismatch, true
	case "AADSTS700024":
		return AssertionExpired, true
	case "AADSTS50076", "AADSTS50079":
		return MFARequired, true
	case "AADSTS53003":
		return ConditionalAccess, true
	case "AADSTS50001", "AADSTS500011":
		return AudienceUnknown, true
	}
	return "", false
}

// refusalOf is the code for an answer to the exchange.
func refusalOf(r acr.Reason) (Code, bool) {
	switch r {
	case acr.NoRole:
		return NoRole, true
	case acr.NoPermissions:
		return PermissionDenied, true
	case acr.NotAccepted:
		return TokenRefused, true
	case acr.ARMRefused:
		return ARMRefused, true
	case acr.Firewall:
		return NotLetIn, true
	case acr.Forbidden:
		return Forbidden, true
	case acr.NotFound:
		return ExchangeMissing, true
	case acr.Throttled:
		return Throttled, true
	case acr.Trouble:
		return RegistryTrouble, true
	}
	return "", false
}
