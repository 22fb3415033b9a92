/** The revocation lists of a file (`ssl_crl`, `proxy_ssl_crl`): Node reads only the first list of each text. */

/** One text for each list; the text itself where no list is found, so that OpenSSL says what is wrong with it. */
export function revocationLists(pem: string): string[] {
  const lists = pem.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g);
  return lists ? [...lists] : [pem];
}
