/**
 * How Node runs the product wherever it is started, `start:prod` and the Dockerfile included. Most of what it makes is garbage
 * within milliseconds: with twice the room for what is young (V8's own choice is 16 MiB) less of it lives long enough to be
 * copied, for 50 MB of memory at most.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=32'] as const;
