import { ConsumerGroup } from './consumer-group.js';
import { ErrorCode } from './error-code.js';
import type { GroupOffsets } from './group-offsets.js';

const MAX_GROUPS = 5000;
const MAX_GROUP_ID_BYTES = 255;

/** All consumer groups: those with members now or since the start, and those that have committed offsets. */
export class Groups {
  readonly #groups = new Map<string, ConsumerGroup>();

  constructor(readonly offsets: GroupOffsets) {}

  /** The group with this id, which may be new; an error code when the id is not acceptable or there are too many groups. */
  open(id: string): ConsumerGroup | number {
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    if (id === '' || Buffer.byteLength(id) > MAX_GROUP_ID_BYTES) return ErrorCode.invalidGroupId;
    if (this.#groups.size >= MAX_GROUPS) return ErrorCode.policyViolation;
    const group = new ConsumerGroup(id);
    this.#groups.set(id, group);
    return group;
  }

  /** The group with this id when it has had members since the start. */
  find(id: string): ConsumerGroup | undefined {
    return this.#groups.get(id);
  }

  exists(id: string): boolean {
    return this.#groups.has(id) || this.offsets.has(id);
  }

  ids(): string[] {
    return [...new Set([...this.#groups.keys(), ...this.offsets.groups()])];
  }

  /** Returns an error code; `none` when the group and its offsets are gone. */
  delete(id: string): number {
    if (!this.exists(id)) return ErrorCode.groupIdNotFound;
    const group = this.#groups.get(id);
    if (group !== undefined && group.members.size > 0) return ErrorCode.nonEmptyGroup;
    this.#groups.delete(id);
    this.offsets.forgetGroup(id);
    return ErrorCode.none;
  }

  close(): void {
    for (const group of this.#groups.values()) group.close();
  }
}
