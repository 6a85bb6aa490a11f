/** The embedded broker as a process of its own, so that it can be killed, stopped and frozen: its options as JSON. */
import { BrokerServer } from '../../build/dev/broker/broker-server.js';

const server = new BrokerServer(JSON.parse(process.argv[2]));
await server.start();
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
// Whoever started it is gone.
process.stdin.resume().once('end', () => process.exit(1));
