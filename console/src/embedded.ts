/** The demo that an embedded start brings. */
export interface Demo {
  vehicles: string[];
  target: { url: string; verificationToken: string };
}

/** What the sign-in is filled with on an embedded start; elsewhere nothing. */
export interface Embedded {
  token: string;
  license: string;
  demo: Demo | null;
}

/** Reads what the server says of an embedded start. Whoever else answers, or wrote its file, breaks no page: it is nothing. */
export function readEmbedded(text: string): Embedded | null {
  const embedded = (parsed(text) as { embedded?: Partial<Embedded> | null } | null)?.embedded;
  const { token, license, demo } = embedded ?? {};
  if (typeof token !== 'string' || typeof license !== 'string') return null;
  return { token, license, demo: isDemo(demo) ? demo : null };
}

function isDemo(demo: Partial<Demo> | null | undefined): demo is Demo {
  const { url, verificationToken } = demo?.target ?? {};
  const isTarget = typeof url === 'string' && typeof verificationToken === 'string';
  return isTarget && Array.isArray(demo?.vehicles) && demo.vehicles.every((did) => typeof did === 'string');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
