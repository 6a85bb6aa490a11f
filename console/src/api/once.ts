import { isOpenWhetherDone } from './again.js';
import { requestKey } from './request-key.js';

interface Call<Result> {
  input: string;
  key: string;
  /** While it is under way. */
  answer: Promise<Result> | undefined;
}

/**
 * Makes a change once, however often it is asked for: a second click while the first is under way is the first; one after
 * an answer that leaves open whether it was done keeps its key, by which the server tells.
 */
export class Once<Input, Result> {
  #last: Call<Result> | undefined;

  /** `send` is called with a key of the request. */
  make(input: Input, send: (key: string) => Promise<Result>): Promise<Result> {
    const text = JSON.stringify(input) ?? '';
    const before = this.#last?.input === text ? this.#last : undefined;
    if (before?.answer) return before.answer;
    const call: Call<Result> = { input: text, key: before?.key ?? requestKey(), answer: undefined };
    this.#last = call;
    call.answer = this.#send(call, send);
    return call.answer;
  }

  async #send(call: Call<Result>, send: (key: string) => Promise<Result>): Promise<Result> {
    try {
      const result = await send(call.key);
      this.#forget(call);
      return result;
    } catch (error) {
      call.answer = undefined;
      if (!isOpenWhetherDone(error)) this.#forget(call);
      throw error;
    }
  }

  #forget(call: Call<Result>): void {
    if (this.#last === call) this.#last = undefined;
  }
}
