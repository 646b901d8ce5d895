package azuretest

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
)

// The two keys below are public and worth nothing: they exist so that starting
// an emulator costs no key generation. They are labelled TESTING KEY, as those
// of the standard library's tests are, so that secret scanners pass over them.

// signingKeyPEM signs everything that the emulator issues.
const signingKeyPEM = `-----BEGIN RSA TESTING KEY-----
MIIEowIBAAKCAQEAstb9rUVs93GyI2mGpGvbJ2r6Xk4H1Ml7rJ1xeqB/9zasnM/c
ZqKgZyMSt4/gp6BWyLgumuucCDWYwbH/Lj8K2q5MlVo/iOIlNTVE8VdJZc1DLoSK
F+S8DitnPpZ7gJgXdXXNrjRDt3aH0Qu1siwSjjbyFGR2aaAmXSR5NqC4B1iSimAk
XwqJuHTmYgawMdTsBmFt4Q/udfR4q1/MKpiE6mUJT8SQYT50kk8TkRZZFNNhU2OV
zcFx6oEDkk/75L6A9475jMIwNXgL+s6BkdwYI1mUXsRTR0ZCGFP5+PAUsVblotrM
ApGqx5ILYXOue9J0dZeFWVByAdvf38QHA4uSOwIDAQABAoIBAELzXlN8Hp+B5l0A
d+Hc6NXYZDNixebAqPaFmIJ+THmpc7Re0pVvw1npFOw4RjOqwGJzJStlEew22GGG
98+B1VfpkY0GFKvzcVd6gj1RXo5oagKjpqjsPgSV9hhFsKWDCqE0AVR6h3FKw+yc
FCDIBAhOhJDizTucs1ACRAiR4WMKAtEMGlbOZnOYpGuUi5LzZjxxhuB2yszegOCr
nBxsHP8uxtKUSO+97tLe6eaGlfouu1JRZSao1CzHw0zngUZRvK75glfjvXtf8lm2
ZxU087Deuchj+Wx0cPXTJ4qgaE5Izwy1Sp1YA+V8ERRM5vWfHGllltzu+dgjTBt8
tQDR9okCgYEA2lBvaJtLv+AHY0E6Pp9igUPodbDZt/o0I0dGcmvLD/ryOBlrMO53
Ifv6t2I/zj+8fFUEIgrdfpJ8Ga7rb2R4NRC4jw3pJ/zzhGnzpjKwopeV8mNil+kM
xgySsVnwKoehhlYwqkIw6xr8fzzgPB+c4tLy7Yuh8vz5Mvfs9Fy4JKkCgYEA0bYi
ovlFSffS1Y0rYjPQPtKQjt1fSN3vTQlbfZY1+lWo8JhMw0nd/DWDNQtp7ookmujh
lW6iP2HusrxwOmfrvL8OCbFFRgWYChDYLW0EBMTR2mN0tBCW81fzP+kmxc7QcMbX
Xx013dRJecD7G9AQzFFSxRKGBMe9MreYC25MakMCgYBb4UpiHinNQT4audMHlBDj
Em99SMb4tSbISjEN6uv1d8oFbj08xMAC34fvMjxkU1LCiQ1KPoRlxsTQElwn74Lf
4n+qRVKBb+YVLnpK0j6gz2deMhHGmWC04YnDdnSrkZWbch7dKSppaFwoOLiu1Sc0
F1ACRagNGgbPOqTRW0xssQKBgQCY+jMUDaBEz/pFe6BdF4zedv2qqcO7ROIuoRfT
agLgJSKCt6avgq/jLioTRMs2jiEbu6vrNPQ4JjlYuutnP62QVxJncaAl7yi0lwsL
QA4BaI3osEpOnBdxVgQE6BA3laEp03MCWC2WLyiWH3dOF55ZXS1ywwtua0IRwCmy
lPg7PwKBgDCAwqU2O1r3lwMSBjEOsF9LeOFg9wjAd9gpeTZ4accWUxcFTBjIKVj+
lsMzpL6qrVPJDNflyQaP0XBfitHBZlPuC2De9IDz/ldN1OKq9yJop0fb5MJ64B2K
WoX1taGQ7jLU13o//X+U+e30gzbRP+wJq0o+WQL1tw70B0ZrICzL
-----END RSA TESTING KEY-----`

// foreignKeyPEM signs tokens that must not be accepted ([TokenOptions.ForeignKey]).
const foreignKeyPEM = `-----BEGIN RSA TESTING KEY-----
MIIEpAIBAAKCAQEAoYYeipaTz7rAXQmgID0wid3p6kt4IzWQf2wngEknCkQTSJP/
idNCJFH5Ql00G1MsY4tli26wPdTjoE+0n+hW3QbOMoKuYubZB51Z8YcH0n6MP9dY
+kfcEw8s9qgMnOa3LAfhPzurStO5LTznB5SY3sGjepeyB+9+90I2WEtWVz+qzzRB
SUo7N6deoXTFrqXRiCxKsyrMBgeebFZcgheXYTvWBYlAj0fieNIlxMsynfoqBam2
XEJoSQnrXdCGA6jrGtg3vqx5YzJUQeh9YQ40TrBpq0WYeASH59TbRjBJ6gKeVaCI
xdBwu7uN8HyLyL2wmTuWVkKepQg2LPYerQDJJwIDAQABAoIBAAa/VT5H1p16X5Fj
Y6XrhUAOt56BQyya9VIFWn8TtaBKdYQpWCbrRTUpAXpOup/OysKbyGs//ZFcd84y
4vvWsLsJ9XCLU5QvfYh0zJTE2PeBMGp1HGZUIyYR37h426ugQODQSw4Hqy4OIYtG
Vh/tPeRffwZ4S/t94ZycAcYqQeb7rkj+sBv49l/BbXgs28Gz4qfVv+QEyxT/IlX5
lli8UBv8ApU/P312a7ePMHv8ArhipDjQYxsdJ6QCLclVhjGtSYSTXlUBZ2Gv981A
GLns4CkaICOlnj1WelIWj6AiBxBHvTwMRhtCx+e4Ugv3Aa8CqDAHkL9wDxskuEyJ
i+j5G+UCgYEA47EHaSRMHrVyNURb7nISeBF1kjl64ULq+Klk8yJj5kslMEF264Ic
4gC1I8Nr7mNx912+T5V/K0/EPhe2ssE610qMnF5OanxsTMzE47Y1P4G1dtzTtr0U
xXQnIBsAkcf4j9SRiWjlSNY61gpbUBYO96HrVeM8IpWPHwO9ZotQlcUCgYEAtZsb
HVXrVJM1HMu3O6G2DfsycK6WOHznWoXve7pAKDBrOGIGPO83SnSbKpJzudN9D20E
bDMpgQh5lZFr56nAAFIKYjKxtnO0tlYwDGt1G8cEA9ZGiqFs9n4ucfhliLuBmO1L
bWkfaXSnUAyOnZwdbZ4el1Z1KG9a2Hxf/372PfsCgYEA4ICNyQrkDydjG8hySLKr
KT41yd7pHTDpFBOaGO1gyRJw8Zqq0d2x8tk1wbSPODdPiNMisb+66w60dXDWUHyc
MukrqYaHFRHnivYgcFIZQKv5K+Di03yt/V7gsRROxG8C03aJpY4K/X1V9/OwQ0/s
pBhAPahXg9YpjzAV0QUuiO0CgYAOO2mUkvcuWZr/9rcVZUbvMZByZDxBkQhQf86U
07PTcnf0ozn57IVYwGqom3GWToyueMyv7hKCmjdtEUhzj0oMvGEz8OUcd1TiNT7u
uj0jQCWAZ3p/wsbXSmw5Yk4SuR8e7PnMSUC88vdpvpIup91mic277nqgAJoN/TFI
xJpnoQKBgQC7NEvmMy6S1qCi4ojt27UfjmhaQ6pUPoASysmuImDfrPz9mMnXqdAl
qRNnge1Hzue0BSVW0D/ET8JISPXMUaayKwwQE/MxDmFQVJEkRSZYzda0IP0EevtB
6o9UIt5GLRRN6jlP08NooVSbZhcpHaJBzZTKQVDmZ7zox1YDEPeWaQ==
-----END RSA TESTING KEY-----`

// The key ids in the headers of tokens.
const (
	signingKeyID = "azuretest-signing"
	foreignKeyID = "azuretest-foreign"
)

// parseKey reads one of the constants above; a damaged constant is a bug here.
func parseKey(text string) *rsa.PrivateKey {
	block, _ := pem.Decode([]byte(text))
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		panic("azuretest: " + err.Error())
	}
	return key
}
