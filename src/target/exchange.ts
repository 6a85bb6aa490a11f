import type { Dispatcher } from 'undici';
import type { RequestStage } from './http-client.js';

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  body: Buffer;
  truncated: boolean;
}

/** The body of most answers. */
const NOTHING = Buffer.alloc(0);

/**
 * One request and its answer, as undici reports them. Goes through the stages connect (a connection is made or waited
 * for), answer (the request is on its way; nothing but informational statuses came), body, and is over when `answer`
 * has settled: whatever is reported afterwards changes nothing.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  stage: RequestStage = 'connect';
  /** Rejects with what undici or `abort` gave as error. */
  readonly answer: Promise<Answer>;
  private readonly resolve: (answer: Answer) => void;
  private readonly reject: (error: Error) => void;
  private controller: Dispatcher.DispatchController | undefined;
  private aborted: Error | undefined;
  private statusCode = 0;
  private headers: Record<string, string> = {};
  private readonly chunks: Buffer[] = [];
  private size = 0;

  constructor(private readonly maxAnswerBytes: number) {
    let settle: [(answer: Answer) => void, (error: Error) => void];
    this.answer = new Promise((resolve, reject) => (settle = [resolve, reject]));
    [this.resolve, this.reject] = settle!;
  }

  /** Gives up, whatever the stage; a request that has no connection yet is dropped when it gets one. */
  abort(error: Error): void {
    this.aborted = error;
    this.reject(error);
    this.controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.aborted) controller.abort(this.aborted);
    else this.stage = 'answer';
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number, headers: Headers): void {
    if (statusCode < 200) return;
    this.stage = 'body';
    this.statusCode = statusCode;
    for (const name of Object.keys(headers)) {
      const value = headers[name];
      this.headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : (value ?? '');
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.maxAnswerBytes - this.size;
    this.chunks.push(chunk.subarray(0, room));
    this.size += Math.min(chunk.length, room);
    if (chunk.length <= room) return;
    this.finish(true);
    controller.abort(new Error('The answer is longer than what is read of it'));
  }

  onResponseEnd(): void {
    this.finish(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.reject(error);
  }

  private finish(truncated: boolean): void {
    const body = this.chunks.length === 0 ? NOTHING : Buffer.concat(this.chunks);
    this.resolve({ statusCode: this.statusCode, headers: this.headers, body, truncated });
  }
}
