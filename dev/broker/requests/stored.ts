import { ErrorCode } from '../error-code.js';

/** Does what writes to the disk; a disk that is full or broken becomes an error code, for the client to try again. */
export function stored(write: () => number | void): number {
  try {
    return write() ?? ErrorCode.none;
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall === 'string') return ErrorCode.storageError;
    throw error;
  }
}
