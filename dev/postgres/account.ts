import { readFileSync } from 'node:fs';

/** The account a server process runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/** What every refusal of the embedded PostgreSQL ends with: there is always this way out. */
export const WAY_OUT = 'Set DATABASE_URL to use a PostgreSQL of your own instead.';

const FALLBACK_ACCOUNTS = ['postgres', 'nobody'];

/**
 * The account that PostgreSQL has to be started as, `undefined` for the one this process has already.
 * PostgreSQL refuses to run as root, so root drops to the owner of an existing data directory, else to `postgres`, else
 * to `nobody`. Throws when the account is not in `/etc/passwd`, because initdb looks up the name of the user it runs as.
 */
export function accountToRunAs(dataOwnerUid: number | undefined, passwd = readPasswd()): Account | undefined {
  const uid = process.getuid?.();
  if (uid !== 0) {
    // Accounts of macOS and of a directory service are not in the file; initdb knows better there.
    if (process.platform === 'linux' && uid !== undefined && passwd.length > 0 && !passwd.some((a) => a.uid === uid)) {
      throw new Error(
        `The embedded PostgreSQL cannot run: user id ${uid} has no entry in /etc/passwd, and initdb needs one. ${WAY_OUT}`,
      );
    }
    return undefined;
  }
  const owner = passwd.find((account) => account.uid === dataOwnerUid && account.uid !== 0);
  const fallback = FALLBACK_ACCOUNTS.map((name) => passwd.find((account) => account.name === name)).find(Boolean);
  const account = owner ?? fallback;
  if (!account) {
    throw new Error(
      `The embedded PostgreSQL cannot run as root, and neither ${FALLBACK_ACCOUNTS.join(' nor ')} is in /etc/passwd. ` +
        `Run as another user. ${WAY_OUT}`,
    );
  }
  return account;
}

function readPasswd(): Account[] {
  let text: string;
  try {
    text = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return [];
  }
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4)
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid), gid: Number(gid) }));
}
