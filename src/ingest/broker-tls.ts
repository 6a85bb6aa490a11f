import { readFileSync } from 'node:fs';

/**
 * How kafkajs is to reach brokers: without TLS, with the authorities that Node trusts, or with those of a PEM file
 * instead. Throws when the file cannot be read or has no certificate.
 */
export function brokerTls(ssl: boolean, authorityFile: string | undefined): boolean | { ca: string } {
  if (!ssl || authorityFile === undefined) return ssl;
  let ca: string;
  try {
    ca = readFileSync(authorityFile, 'utf8');
  } catch (error) {
    throw new Error(`KAFKA_SSL_CA_FILE cannot be read: ${(error as Error).message}`, { cause: error });
  }
  // Node takes any text, and trusts nobody by it.
  if (ca.includes('-----BEGIN CERTIFICATE-----')) return { ca };
  throw new Error(`KAFKA_SSL_CA_FILE has no PEM certificate: ${authorityFile}`);
}
