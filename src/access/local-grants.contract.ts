import { createTestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from '../store/database.js';
import { GrantStore } from '../store/grants.js';
import { LocalGrants } from './local-grants.js';
import type { ProviderUnderTest } from './permission-provider.contract.js';

const ACTOR = { license: '', keyId: 'admin', requestId: 'test' };

/** Grants in a database of their own, for the contract of providers. */
export async function openLocalGrants(): Promise<ProviderUnderTest> {
  const place = await createTestDatabase();
  const database = await Database.open(testSettings(place.url));
  const grants = new GrantStore(database);
  return {
    provider: new LocalGrants({ grants }),
    grant: (license, vehicle, permissions) => grants.put(ACTOR, license, vehicle, permissions),
    revoke: async (license, vehicle) => {
      await grants.remove(ACTOR, license, vehicle);
    },
    close: async () => {
      await database.close();
      await place.drop();
    },
  };
}
