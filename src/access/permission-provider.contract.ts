import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PermissionProvider, Verdict } from './permission-provider.js';

/** A provider with a way to change what it draws upon. */
export interface ProviderUnderTest {
  provider: PermissionProvider;
  /** It grants what nobody granted; what is shared is told all the same. */
  deniesNothing?: boolean;
  grant(license: string, vehicle: string, permissions: string[]): Promise<void>;
  revoke(license: string, vehicle: string): Promise<void>;
  close(): Promise<void>;
}

const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const NON_LOCATION = 'privilege:GetNonLocationHistory';
const LOCATION = 'privilege:GetLocationHistory';

/** What holds for every implementation of `PermissionProvider`; each test uses a license of its own. */
export function permissionProviderContract(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`${name} keeps the contract of a permission provider`, () => {
    let subject: ProviderUnderTest;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());
    const notGranted = (): Verdict => (subject.deniesNothing ? 'granted' : 'denied');

    test.each([
      ['one permission that is held', [NON_LOCATION], true],
      ['both that are held', [LOCATION, NON_LOCATION], true],
      ['one that is not', ['privilege:GetVINCredential'], false],
      ['one that is held and one that is not', [NON_LOCATION, 'privilege:GetVINCredential'], false],
    ])('all permissions are needed: %s', async (_, permissions, isHeld) => {
      const license = newLicense();
      await subject.grant(license, vehicle(1), [NON_LOCATION, LOCATION]);
      expect(await subject.provider.check(license, [vehicle(1)], permissions)).toEqual([
        isHeld ? 'granted' : notGranted(),
      ]);
    });

    test('verdicts come in the order of the vehicles, one twice included', async () => {
      const license = newLicense();
      await subject.grant(license, vehicle(2), [LOCATION]);
      await subject.grant(license, vehicle(4), [LOCATION]);
      const asked = [4, 1, 2, 3, 2].map(vehicle);
      const expected = ['granted', notGranted(), 'granted', notGranted(), 'granted'];
      expect(await subject.provider.check(license, asked, [LOCATION])).toEqual(expected);
    });

    test('no vehicles, no verdicts', async () => {
      expect(await subject.provider.check(newLicense(), [], [LOCATION])).toEqual([]);
    });

    test("one license's permission says nothing about another's", async () => {
      const [owner, stranger] = [newLicense(), newLicense()];
      await subject.grant(owner, vehicle(1), [LOCATION]);
      expect(await subject.provider.check(owner, [vehicle(1)], [LOCATION])).toEqual(['granted']);
      expect(await subject.provider.check(stranger, [vehicle(1)], [LOCATION])).toEqual([notGranted()]);
      expect(await vehiclesOf(subject.provider, stranger)).toEqual([]);
    });

    test('a fresh check sees a grant and a revocation at once, and so does every later check', async () => {
      const license = newLicense();
      const check = (fresh: boolean) => subject.provider.check(license, [vehicle(1)], [LOCATION], { fresh });
      expect(await check(false)).toEqual([notGranted()]);
      await subject.grant(license, vehicle(1), [LOCATION]);
      expect([await check(true), await check(false)]).toEqual([['granted'], ['granted']]);
      await subject.revoke(license, vehicle(1));
      expect([await check(true), await check(false)]).toEqual([[notGranted()], [notGranted()]]);
    });

    test('every shared vehicle is listed once, beyond one page', async () => {
      const license = newLicense();
      const vehicles = Array.from({ length: 250 }, (_, index) => vehicle(index + 1));
      for (const one of vehicles) await subject.grant(license, one, [LOCATION]);
      expect((await vehiclesOf(subject.provider, license)).sort()).toEqual([...vehicles].sort());
    });
  });
}

/** All pages in one. */
export async function vehiclesOf(provider: PermissionProvider, license: string): Promise<string[]> {
  const vehicles: string[] = [];
  for await (const page of provider.sharedVehicles(license)) vehicles.push(...page);
  return vehicles;
}

function vehicle(tokenId: number): string {
  return `did:erc721:137:${CONTRACT}:${tokenId}`;
}

let licenses = 0;

/** Digits only, so that EIP-55 leaves it as it is. */
function newLicense(): string {
  return `0x${(++licenses).toString().padStart(40, '1')}`;
}
