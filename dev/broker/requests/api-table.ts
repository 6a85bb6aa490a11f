import { ErrorCode } from '../error-code.js';
import { WireWriter } from '../wire-writer.js';
import { findCoordinator, initProducerId, metadata } from './cluster-requests.js';
import { fetch } from './fetch.js';
import { deleteGroups, describeGroups, listGroups } from './group-admin-requests.js';
import { heartbeat, joinGroup, leaveGroup, syncGroup } from './group-requests.js';
import { listOffsets } from './list-offsets.js';
import { offsetCommit, offsetFetch } from './offset-requests.js';
import { produce } from './produce.js';
import { type Handler, NOT_THROTTLED_MS } from './request.js';
import { createPartitions, createTopics, deleteRecords, deleteTopics, describeConfigs } from './topic-requests.js';

export interface Api {
  readonly key: number;
  readonly name: ApiName;
  /** The oldest and the newest version that is understood. */
  readonly versions: readonly [oldest: number, newest: number];
  readonly handle: Handler;
}

/** The names of Kafka's protocol guide. */
export type ApiName = keyof typeof APIS;

/** Everything the broker can be asked. All of these are the versions before "flexible" ones, with their tagged fields. */
const APIS = {
  Produce: { key: 0, versions: [3, 7], handle: produce },
  Fetch: { key: 1, versions: [4, 11], handle: fetch },
  ListOffsets: { key: 2, versions: [1, 5], handle: listOffsets },
  Metadata: { key: 3, versions: [0, 8], handle: metadata },
  OffsetCommit: { key: 8, versions: [2, 7], handle: offsetCommit },
  OffsetFetch: { key: 9, versions: [1, 5], handle: offsetFetch },
  FindCoordinator: { key: 10, versions: [0, 2], handle: findCoordinator },
  JoinGroup: { key: 11, versions: [0, 5], handle: joinGroup },
  Heartbeat: { key: 12, versions: [0, 3], handle: heartbeat },
  LeaveGroup: { key: 13, versions: [0, 3], handle: leaveGroup },
  SyncGroup: { key: 14, versions: [0, 3], handle: syncGroup },
  DescribeGroups: { key: 15, versions: [0, 4], handle: describeGroups },
  ListGroups: { key: 16, versions: [0, 2], handle: listGroups },
  ApiVersions: { key: 18, versions: [0, 2], handle: apiVersions },
  CreateTopics: { key: 19, versions: [2, 4], handle: createTopics },
  DeleteTopics: { key: 20, versions: [1, 3], handle: deleteTopics },
  DeleteRecords: { key: 21, versions: [0, 1], handle: deleteRecords },
  InitProducerId: { key: 22, versions: [0, 1], handle: initProducerId },
  DescribeConfigs: { key: 32, versions: [1, 2], handle: describeConfigs },
  CreatePartitions: { key: 37, versions: [0, 1], handle: createPartitions },
  DeleteGroups: { key: 42, versions: [0, 1], handle: deleteGroups },
} as const;

const BY_KEY = new Map<number, Api>(
  Object.entries(APIS).map(([name, api]) => [api.key, { ...api, name: name as ApiName }]),
);

/** The API with this key, or `undefined`. */
export function findApi(key: number): Api | undefined {
  return BY_KEY.get(key);
}

/** Whether a request of this version can be read. ApiVersions always can: its answer tells the client what to use. */
export function isReadable(api: Api, version: number): boolean {
  const [oldest, newest] = api.versions;
  return api.name === 'ApiVersions' || (version >= oldest && version <= newest);
}

/** ApiVersions, versions 0–2. Newer ones are answered as version 0 with an error, as the protocol guide demands. */
function apiVersions({ version, injectedError }: Parameters<Handler>[0]): WireWriter {
  const isTooNew = version < 0 || version > 2;
  const writer = new WireWriter();
  writer.int16(injectedError ?? (isTooNew ? ErrorCode.unsupportedVersion : ErrorCode.none));
  writer.array([...BY_KEY.values()], ({ key, name, versions: [oldest, newest] }) => {
    // librdkafka takes a broker without the oldest Produce for one that speaks nothing it knows.
    writer
      .int16(key)
      .int16(name === 'Produce' ? 0 : oldest)
      .int16(newest);
  });
  if (version >= 1 && !isTooNew) writer.int32(NOT_THROTTLED_MS);
  return writer;
}
