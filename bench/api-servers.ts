import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child-process.js';
import { ProductProcess } from './product-process.js';

/** The product's REST surface and its floor, each a process, on one database. */
export interface ApiServers {
  /** `http://127.0.0.1:<port>`. */
  ours: string;
  floor: string;
  stop(): Promise<void>;
}

/** Starts both; `target` is what handshakes go to. */
export async function startApiServers(
  databaseUrl: string,
  target: { address: string; caPem: string },
): Promise<ApiServers> {
  const directory = mkdtempSync(join(tmpdir(), 'tripline-bench-api-'));
  const stops: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const stop = async () => {
    for (const each of stops.splice(0)) await each();
  };
  const caFile = join(directory, 'authorities.pem');
  writeFileSync(caFile, target.caPem);
  const settings = {
    ...{ DATABASE_URL: databaseUrl, KAFKA_BROKERS: '127.0.0.1:9', JWK_KEY_SET_URL: 'http://127.0.0.1:9/' },
    ...{ SECRET_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    ...{ TARGET_ALLOW_CIDRS: target.address, NODE_EXTRA_CA_CERTS: caFile },
  };
  try {
    const ours = await ProductProcess.start('api', settings, { logFile: join(directory, 'api.log') });
    stops.unshift(() => ours.stop());
    const floor = await startChild<string>('floor/nest-api.js', { environment: settings });
    stops.unshift(() => floor.stop());
    return { ours: ours.apiUrl, floor: floor.told, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
