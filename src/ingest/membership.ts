/** What a coordinator answers a member whose generation is over: it has to join again. */
const OVER = new Set(['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID']);

/** Whether a heartbeat failed because the group goes on without this generation, not because nobody answered. */
export function isMembershipOver(error: unknown): boolean {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  return typeof type === 'string' && OVER.has(type);
}
