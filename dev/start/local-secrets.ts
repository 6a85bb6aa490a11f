import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { keep, readKept } from '../kept-file.js';

/** What an embedded start needs to keep to itself, and to have again next time. */
export interface LocalSecrets {
  /** 32 bytes in base64: encrypts the signing secrets in the embedded database. */
  encryptionKey: string;
  adminToken: string;
}

/** Reads the secrets of the data directory, or makes them on the first start; the file is for its owner alone. */
export function localSecrets(dataDir: string): LocalSecrets {
  const file = join(dataDir, 'secrets.json');
  const kept = readKept(file) as LocalSecrets | undefined;
  if (kept) return kept;
  const secrets = {
    encryptionKey: randomBytes(32).toString('base64'),
    adminToken: `admin_${randomBytes(24).toString('base64url')}`,
  };
  keep(file, secrets);
  return secrets;
}
