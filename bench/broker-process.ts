/** A broker as a process of its own, so that it takes nothing of the time of whoever measures. Tells its address. */
import { BrokerServer } from '../dev/broker/broker-server.js';

/** Of a partition: what is read at once need not be kept, and a heap that grows costs time. */
const RETENTION_BYTES = 32 * 1024 * 1024;

const server = new BrokerServer({ retentionBytes: RETENTION_BYTES });
process.send!(await server.start());
process.once('disconnect', () => void server.stop().then(() => process.exit()));
