/** Where Tripline is, and who calls. */
export interface Connection {
  /** Such as `https://tripline.example.com`; empty in a page that Tripline itself serves. */
  baseUrl: string;
  /** A developer token or an API key. A function is asked before each request, so that a token can be replaced. */
  token: string | (() => string);
  /** Instead of the platform's own. */
  fetch?: (request: Request) => Promise<Response>;
}

/** The value of the `Authorization` header, as it is now. */
export function authorizationOf({ token }: Connection): string {
  return `Bearer ${typeof token === 'string' ? token : token()}`;
}
