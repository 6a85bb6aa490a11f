/** Several processes of the product, each with a role, on one database and one consumer group: to be killed, frozen and joined. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Product, type LogLine } from './product.js';

/** A neighbour's restart takes processor time from a start, as does everything else that goes on. */
export const START_PATIENCE_MS = 90_000;

export type Role = 'api' | 'engine' | 'delivery';

export interface Member {
  /** Its instance name, which its successor takes over. */
  name: string;
  role: Role;
  product: Product;
  isFrozen: boolean;
  /** Whether somebody has sent it the signal to end. */
  isEnding: boolean;
}

export interface CrewLine extends LogLine {
  member: string;
}

/**
 * What a process may call an error while a part is away, and mends by itself. Nothing else is expected of an outage: least
 * of all an event that is on record already, which is how two owners of a partition show.
 */
const OUTAGE_ERRORS: readonly RegExp[] = [/^a fetched batch could not be handled; fetching it again$/];

export class Crew {
  /** Those that were started and not ended yet. */
  readonly members: Member[] = [];
  /** Processes that ended by themselves, or not in order after SIGTERM, with their last words. */
  readonly fallen: string[] = [];
  /** Every line of level error or fatal. */
  readonly errors: CrewLine[] = [];
  private started = 0;

  constructor(private readonly environment: Record<string, string | undefined>) {}

  /** Starts a process and waits until it is ready. Without a name it is a new one. */
  async start(role: Role, name?: string, environment?: Record<string, string>): Promise<Member> {
    const member = this.launch(role, name, environment);
    await member.product.ready(START_PATIENCE_MS);
    return member;
  }

  /** Starts a process, which gets ready by itself. */
  launch(role: Role, name = `${role}-${++this.started}`, environment: Record<string, string> = {}): Member {
    const product = Product.launch({
      environment: { ...this.environment, ...environment, ROLE: role, INSTANCE_NAME: name },
      onLine: (line) => {
        if (line.level === 'error' || line.level === 'fatal') this.errors.push({ member: name, ...line });
      },
    });
    const member: Member = { name, role, product, isFrozen: false, isEnding: false };
    this.members.push(member);
    void product.ended().then((code) => {
      this.members.splice(this.members.indexOf(member), 1);
      if (!member.isEnding) this.fallen.push(`${name} ended by itself with ${code}: ${product.tail()}`);
    });
    return member;
  }

  /** The lines of errors that neither an outage explains nor one of these, in full. */
  unexplained(explained: readonly RegExp[] = []): string[] {
    const known = [...OUTAGE_ERRORS, ...explained];
    const isKnown = ({ msg, ...rest }: CrewLine) =>
      known.some((text) => text.test(msg)) && !JSON.stringify(rest).includes('DuplicateEvent');
    return this.errors.filter((line) => !isKnown(line)).map((line) => JSON.stringify(line));
  }

  /** Those of a role that run, and are free for whatever comes next. */
  running(role: Role): Member[] {
    return this.members.filter((member) => member.role === role && !member.isFrozen && !member.isEnding);
  }

  /** SIGKILL. */
  async kill(member: Member): Promise<void> {
    member.isEnding = true;
    await member.product.kill();
  }

  /** SIGTERM; what does not end in order is remembered as fallen. */
  async end(member: Member): Promise<void> {
    member.isEnding = true;
    const code = await member.product.stop();
    // What has said nothing yet does not know of signals yet.
    if (code !== 0 && member.product.lines.length > 0)
      this.fallen.push(`${member.name} ended with ${code} after SIGTERM: ${member.product.tail()}`);
  }

  /** SIGSTOP, and SIGCONT after so long. */
  async freeze(member: Member, forMs: number): Promise<void> {
    member.isFrozen = true;
    member.product.freeze();
    await sleep(forMs);
    member.product.thaw();
    member.isFrozen = false;
  }

  /** SIGTERM for all. */
  async endAll(): Promise<void> {
    await Promise.all([...this.members].map((member) => this.end(member)));
  }

  /** Whoever has this name now. */
  of(name: string): Member {
    const member = this.members.find((one) => one.name === name);
    if (!member) throw new Error(`there is no process ${name}`);
    return member;
  }

  /** SIGKILL for all, however things stand. */
  async killAll(): Promise<void> {
    await Promise.all([...this.members].map((member) => this.kill(member)));
  }
}
