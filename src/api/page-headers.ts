import helmet from 'helmet';

/**
 * What a page may do, for each path that serves one: load its own scripts, styles and pictures, and call us. It is shown
 * in no other page. The styles of the Swagger page stand in its HTML. Nothing here asks for https: whoever ends TLS in
 * front of us says so for its whole domain (`Strict-Transport-Security`), and a page on http://localhost must work.
 */
export const pageHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: false,
});
