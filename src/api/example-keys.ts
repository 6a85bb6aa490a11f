/** Known to everybody, so that receivers can be tried before anything real is sent; signs nothing but examples. */
export const EXAMPLE_SECRET = 'whsec_dHJpcGxpbmUgZXhhbXBsZSBzZWNyZXQgLSBrbm93biB0byBhbGw=';

/** Seed and public key of the same kind (RFC 8032 §7.1, test 1). */
export const EXAMPLE_SIGNING_KEY =
  'whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==';
