/** DIMO's token exchange as a process of its own: whatever it is asked, it says yes after a while, or nothing at all. */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';

/** `has_access: true`. */
const YES = Buffer.from([8, 1]);

let [leastMs, mostMs] = [0, 0];
let isHanging = false;
let open = 0;
let mostOpen = 0;
let calls = 0;

function accessCheck(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void {
  calls += 1;
  open += 1;
  mostOpen = Math.max(mostOpen, open);
  let isOver = false;
  const end = () => {
    if (!isOver) open -= 1;
    isOver = true;
  };
  call.on('cancelled', end);
  if (isHanging) return;
  setTimeout(
    () => {
      end();
      done(null, YES);
    },
    leastMs + Math.random() * (mostMs - leastMs),
  );
}

const asIs = (bytes: Buffer) => bytes;
const path = '/grpc.TokenExchangeService/AccessCheck';
const method = { path, requestStream: false, responseStream: false, requestSerialize: asIs, requestDeserialize: asIs };
const server = new Server();
server.addService(
  { AccessCheck: { ...method, responseSerialize: asIs, responseDeserialize: asIs } },
  { AccessCheck: accessCheck },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) => process.send!({ port }));

/** What it is told; each time it answers with what it saw since the last. */
process.on('message', (told: { leastMs: number; mostMs: number; isHanging: boolean }) => {
  ({ leastMs, mostMs, isHanging } = told);
  process.send!({ calls, mostOpen });
  [calls, mostOpen] = [0, open];
});
process.on('disconnect', () => process.exit());
