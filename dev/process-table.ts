import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same id: its id and when it began; `undefined` when there is none.
 * In a container that was started again, ids repeat at once.
 */
export function identityOf(pid: number): string | undefined {
  if (process.platform !== 'linux') {
    const started = ps(pid, 'lstart=');
    return started && `${pid} ${started}`;
  }
  // Field 22 of proc(5)'s stat; the second field, the name in brackets, may contain anything, so count behind it.
  const fields = readProc(pid, 'stat')?.split(') ').at(-1)?.split(' ');
  const isGone = !fields || fields[0] === 'Z';
  return isGone ? undefined : `${pid} ${fields[19]}`;
}

/** The command line of a process, "" when there is none. */
export function commandOf(pid: number): string {
  const command = process.platform === 'linux' ? readProc(pid, 'cmdline')?.replaceAll('\0', ' ') : ps(pid, 'command=');
  return command ?? '';
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function ps(pid: number, format: string): string | undefined {
  return spawnSync('ps', ['-o', format, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() || undefined;
}
