import { expect, test } from '@jest/globals';
import { openLocalGrants } from './local-grants.contract.js';
import { LocalGrants } from './local-grants.js';
import { permissionProviderContract, vehiclesOf } from './permission-provider.contract.js';
import { PermissionsUnavailable } from './permission-provider.js';

permissionProviderContract('LocalGrants', openLocalGrants);

test('a database that fails in the middle of a list is an exception, not a short list', async () => {
  const failing = {
    withPermissions: () => Promise.reject(new Error('gone')),
    async *vehiclesOf(): AsyncIterable<string[]> {
      yield await Promise.resolve(['did:erc721:1:0x1111111111111111111111111111111111111111:1']);
      throw new Error('gone');
    },
  };
  const subject = new LocalGrants({ grants: failing });
  await expect(vehiclesOf(subject, '0x1')).rejects.toThrow(PermissionsUnavailable);
  await expect(subject.check('0x1', ['v'], ['p'])).rejects.toThrow('gone');
});
