import { expect, test } from '@jest/globals';
import { createTestDatabase, testSettings } from '../../test/support/database.js';
import { Database } from '../store/database.js';
import { GrantStore } from '../store/grants.js';
import { LocalGrants } from './local-grants.js';
import { permissionProviderContract, vehiclesOf } from './permission-provider.contract.js';
import { PermissionsUnavailable } from './permission-provider.js';

const ACTOR = { license: '', keyId: 'admin', requestId: 'test' };

permissionProviderContract('LocalGrants', async () => {
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
});

test('a database that fails in the middle of a list is an exception, not a short list', async () => {
  const failing = {
    permissionsOf: () => Promise.reject(new Error('gone')),
    async *vehiclesOf(): AsyncIterable<string[]> {
      yield await Promise.resolve(['did:erc721:1:0x1111111111111111111111111111111111111111:1']);
      throw new Error('gone');
    },
  };
  const subject = new LocalGrants({ grants: failing });
  await expect(vehiclesOf(subject, '0x1')).rejects.toThrow(PermissionsUnavailable);
  await expect(subject.check('0x1', ['v'], ['p'])).rejects.toThrow('gone');
});
