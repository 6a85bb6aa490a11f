/**
 * Preloaded into a child process that was given an IPC channel: when the parent is gone, however it ended, the child is
 * told to end as an operator would tell it, and ends for certain a little later: what it depends on is likely to be gone as
 * well, so that it may wait for that in vain. The program itself knows nothing of this.
 */
const GRACE_MS = 2_000;

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
// Waiting for the parent's end is no reason to stay.
process.channel?.unref();
