import helmet from 'helmet';
import type { HelmetOptions } from 'helmet';

type Directives = Exclude<NonNullable<HelmetOptions['contentSecurityPolicy']>, boolean>['directives'];

/**
 * What a page may do, for each path that serves one: load its own scripts, styles and pictures, and call us, and
 * what else `more` says. It is shown in no other page. Nothing here asks for https: whoever ends TLS in front of us says
 * so for its whole domain (`Strict-Transport-Security`), and a page on http://localhost must work.
 */
export function pageHeaders(more: NonNullable<Directives>): ReturnType<typeof helmet> {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        ...more,
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: false,
  });
}
