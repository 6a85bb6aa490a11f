import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EngineWorld, newTopic, process, speedRecord } from '../../test/support/engine-world.js';
import { actorOf, LICENSE, vehicleOf } from '../../test/support/triggers.js';
import { newLogId } from '../store/log-id.js';
import { RevocationStore } from '../store/revocations.js';

let world: EngineWorld;
let revocations: RevocationStore;
beforeAll(async () => {
  world = await EngineWorld.create();
  revocations = new RevocationStore(world.database);
});
afterAll(() => world.close());

let tokenId = 1;

const byHand = async (id: string, vehicle: string) => void (await world.subscriptions.remove(actorOf(), id, [vehicle]));
const revoked = async (_id: string, vehicle: string) =>
  void (await revocations.revokeVehicle(LICENSE, vehicle, await revocations.triggersOf(LICENSE, vehicle)));
const left = async (triggerId: string, vehicle: string) =>
  void (await revocations.revokeVehicles(
    {
      ...{ license: LICENSE, triggerId, revision: 1, vehicles: [vehicle], eventId: newLogId(), countBefore: 0 },
      subscribedUntil: new Date('2999-01-01T00:00:00Z'),
    },
    () => Promise.resolve(),
  ));

test.each<[how: string, end: (id: string, vehicle: string) => Promise<void>, fired: number[]]>([
  ['because a permission was withdrawn begins from zero', revoked, [5, 5]],
  ['because it was shared no more begins from zero', left, [5, 5]],
  ['by hand goes on where it was', byHand, [5]],
])('a subscription that ended %s when it is made again, also in an engine that remembers', async (_how, end, fired) => {
  const vehicle = vehicleOf(tokenId++);
  const id = await world.trigger('valueNumber != previousValueNumber', { cooldownSeconds: 3_600 }, [vehicle]);
  const partition = await world.open(await world.engine(), newTopic());
  await process(partition, [speedRecord(0, vehicle, [5])]);
  await end(id, vehicle);
  await process(partition, [speedRecord(1, vehicle, [7])]);
  await world.subscriptions.add(actorOf(), id, [vehicle]);
  await process(partition, [speedRecord(2, vehicle, [5])]);
  expect((await world.firings(id)).map(({ value }) => value)).toEqual(fired);
});
