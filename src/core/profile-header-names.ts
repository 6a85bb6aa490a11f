import type { EndpointOptions, Profile } from './endpoint.js';

/** How the headers of the profiles begin whose receivers may have named theirs otherwise. */
const DEFAULT_PREFIXES: Partial<Record<Profile, string>> = {
  desmo: 'X-Desmo',
  dembrane: 'X-Dembrane',
  dodev: 'X-DoDevWebhook',
};

/** The ends of each profile's header names, after the prefix and a hyphen. */
const SUFFIXES = {
  standard: [],
  dimo: ['Timestamp', 'Signature', 'Signature-Version'],
  desmo: ['Signature', 'Event', 'Delivery'],
  dembrane: ['Signature'],
  dodev: ['Signature', 'Id', 'Timestamp'],
} as const satisfies Record<Profile, readonly string[]>;

/** Whether the names of the profile's headers can begin otherwise; DIMO's are fixed. */
export function takesHeaderPrefix(profile: Profile): boolean {
  return DEFAULT_PREFIXES[profile] !== undefined;
}

/** What the names of the profile's headers begin with. */
export function profilePrefix({ profile, headerPrefix }: Pick<EndpointOptions, 'profile' | 'headerPrefix'>): string {
  return takesHeaderPrefix(profile) ? (headerPrefix ?? DEFAULT_PREFIXES[profile]!) : 'X-DIMO';
}

/** The names of the headers that an endpoint's profile adds to each delivery. */
export function profileHeaderNames(naming: Pick<EndpointOptions, 'profile' | 'headerPrefix'>): string[] {
  const prefix = profilePrefix(naming);
  return SUFFIXES[naming.profile].map((suffix) => `${prefix}-${suffix}`);
}
