import { parentPort, workerData } from 'node:worker_threads';
import { type BrokerOptions, BrokerServer } from './broker-server.js';

/** The thread that {@link Broker} starts. It tells its address, and ends when it is sent any message. */
if (parentPort === null) throw new Error('This file is the worker thread of broker.ts.');

const port = parentPort;
const server = new BrokerServer(workerData as BrokerOptions);
port.postMessage(await server.start());
port.once('message', () => void server.stop().then(() => port.close()));
