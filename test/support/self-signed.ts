/**
 * A key that everybody knows and its certificate, for `hooks.localhost`, signed by itself and valid for
 * a hundred years: for servers on loopback that a test lets its own process trust. Made by
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500
 * -subj /CN=hooks.localhost -addext subjectAltName=DNS:hooks.localhost`.
 */
export const SELF_SIGNED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjr3I5bNlOrh+fC1f
dmfkdsUWfX5fyyK1TFO8yZZEQ5mhRANCAATxXhwtekTqNQC1OuPIlf1L+4SJ/LBU
TC8DJcW+68gBF57OL7zBEFk4xEk8rNLXEKCBSzb9SvnL7aoYy9XasGKf
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBqDCCAU2gAwIBAgIUT8DjyJAwzLSkqs4rj9pdrE6TzEwwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPaG9va3MubG9jYWxob3N0MCAXDTI2MTEyNzA2NTIwOFoYDzIx
MjYxMTAzMDY1MjA4WjAaMRgwFgYDVQQDDA9ob29rcy5sb2NhbGhvc3QwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATxXhwtekTqNQC1OuPIlf1L+4SJ/LBUTC8DJcW+
68gBF57OL7zBEFk4xEk8rNLXEKCBSzb9SvnL7aoYy9XasGKfo28wbTAdBgNVHQ4E
FgQUiGUtjpnUaU0O4EdwTQSYCuIGaM4wHwYDVR0jBBgwFoAUiGUtjpnUaU0O4Edw
TQSYCuIGaM4wDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgg9ob29rcy5sb2Nh
bGhvc3QwCgYIKoZIzj0EAwIDSQAwRgIhAN+pf8603ToFlwW/wn4ttUYCDQFwQxxI
eQZAPzEbFYeNAiEAs4fgz2G+rl4ck1NL+AS/M7b9QhpVjSvy9lylWOoQt9A=
-----END CERTIFICATE-----
`,
} as const;
