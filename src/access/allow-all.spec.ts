import { expect, test } from '@jest/globals';
import { AllowAll } from './allow-all.js';
import { openLocalGrants } from './local-grants.contract.js';
import { permissionProviderContract } from './permission-provider.contract.js';

permissionProviderContract('AllowAll', async () => {
  const local = await openLocalGrants();
  return { ...local, provider: new AllowAll({ shared: local.provider }), deniesNothing: true };
});

test('whoever asks about whatever vehicle is granted everything', async () => {
  const nobody = {
    sharedVehicles: () => {
      throw new Error('a check asks nobody');
    },
  };
  expect(await new AllowAll({ shared: nobody }).check('0x1', ['a', 'b'])).toEqual(['granted', 'granted']);
});
