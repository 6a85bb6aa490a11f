import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { DID_LENGTH_MAX, parseDid } from '../../core/did.js';
import type { FieldError } from '../problem.js';
import { Problem } from '../problem.js';

/** A fleet's worth; more than that is several calls. */
const VEHICLES_MAX = 100_000;

/** Of a long list of wrong entries. */
const ERRORS_MAX = 20;

/** The body that names vehicles. */
export const vehicleList = z
  .object({
    assetDIDs: z
      .array(z.string().max(DID_LENGTH_MAX))
      .max(VEHICLES_MAX)
      .meta({ description: 'DIDs of vehicles, `did:erc721:<chain id>:<contract>:<token id>`.' }),
  })
  .meta({ id: 'VehicleList' });
export type VehicleList = z.output<typeof vehicleList>;

/** Read without a break; one whose contracts all differ takes 20 µs. */
const READ_AT_ONCE = 1_000;

/**
 * The vehicles of a list in canonical spelling, each once. Lets others have a turn between thousands. Throws a 400 that
 * names the entries that are no DIDs.
 */
export async function readVehicles({ assetDIDs }: VehicleList): Promise<string[]> {
  const vehicles = new Set<string>();
  const errors: FieldError[] = [];
  for (const [position, text] of assetDIDs.entries()) {
    if (position % READ_AT_ONCE === READ_AT_ONCE - 1) await setImmediate();
    const parsed = parseDid(text);
    if (parsed.kind === 'ok') vehicles.add(parsed.did);
    else if (errors.length < ERRORS_MAX) {
      errors.push({ pointer: `#/assetDIDs/${position}`, detail: `${JSON.stringify(text)}: ${parsed.reason}` });
    }
  }
  if (errors.length === 0) return [...vehicles];
  throw new Problem(400, {
    kind: 'invalid-request',
    message: 'Invalid request body',
    detail: `Nothing was done, because the list has entries that are no DIDs: ${errors[0]!.detail}`,
    errors,
  });
}
