import 'reflect-metadata';
import { isIP } from 'node:net';
import { randomUUID } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
const VALID_DAYS = 365;

export interface Certificate {
  certPem: string;
  keyPem: string;
}

/** A certificate authority that lives as long as its object. Whoever is to trust what it issues needs `caPem`. */
export interface Authority {
  caPem: string;
  /** A server's certificate for host names and IP addresses, valid from yesterday for a year, or until then. */
  issue(hosts: string[], until?: Date): Promise<Certificate>;
}

/** Makes a new authority for development and tests: nothing it signs is trusted by anybody who was not told to. */
export async function createAuthority(): Promise<Authority> {
  cryptoProvider.set(crypto);
  const newKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const validity = (notAfter = new Date(Date.now() + VALID_DAYS * DAY_MS)) => ({
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter,
  });
  const keys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned(
    {
      // Of two with one name, whoever trusts both tries only the first.
      name: `CN=Tripline development CA ${randomUUID()}`,
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(),
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    crypto,
  );
  const issue = async (hosts: string[], until?: Date): Promise<Certificate> => {
    const own = await newKeys();
    const certificate = await X509CertificateGenerator.create(
      {
        subject: 'CN=Tripline development server',
        issuer: authority.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        ...validity(until),
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(
            hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
          ),
        ],
      },
      crypto,
    );
    const key = await crypto.subtle.exportKey('pkcs8', own.privateKey);
    return { certPem: certificate.toString('pem'), keyPem: PemConverter.encode(key, 'PRIVATE KEY') };
  };
  return { caPem: authority.toString('pem'), issue };
}
