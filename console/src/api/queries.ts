import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult, UseQueryResult } from '@tanstack/react-query';
import type { Tripline } from '@tripline/client';
import { useState } from 'react';
import { useToast } from '../parts/toast.js';
import { useTripline } from '../session.js';
import { readAgainMs } from './again.js';
import { Once } from './once.js';

/** Names what was read, without the license, which is put in front: what two licenses read is never mixed. */
export type DataKey = readonly unknown[];

interface DataOptions<Data> {
  /** Read again so often while the page is seen; where it depends on what was read, undefined ends it. */
  refreshMs?: number | ((data: Data | undefined) => number | undefined);
  enabled?: boolean;
  /** Show what was read before under another key until the new is there: lists whose filter changes do not flicker. */
  keepBefore?: boolean;
}

/** What one call answers. */
export function useData<Data>(
  key: DataKey,
  read: (api: Tripline, signal: AbortSignal) => Promise<{ data?: Data }>,
  { refreshMs, enabled = true, keepBefore = false }: DataOptions<Data> = {},
): UseQueryResult<Data> {
  const { api, license } = useTripline();
  return useQuery({
    queryKey: [license, ...key],
    queryFn: async ({ signal }) => answered((await read(api, signal)).data),
    enabled,
    refetchInterval: ({ state }) =>
      readAgainMs(state.error, typeof refreshMs === 'function' ? refreshMs(state.data) : refreshMs),
    ...(keepBefore && { placeholderData: keepPreviousData }),
  });
}

/** One page of a list, as the REST surface answers it. */
export interface PageOf<Row> {
  data: Row[];
  next: string | null;
}

/** A list that is read page by page. */
export interface Pages<Row> {
  rows: Row[];
  isPending: boolean;
  isFetching: boolean;
  error: Error | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore(): void;
  refetch(): void;
}

/** What a call answers in pages. */
export function usePages<Row>(
  key: DataKey,
  read: (api: Tripline, cursor: string | undefined, signal: AbortSignal) => Promise<{ data?: PageOf<Row> }>,
  { refreshMs, enabled = true }: { refreshMs?: number; enabled?: boolean } = {},
): Pages<Row> {
  const { api, license } = useTripline();
  const query = useInfiniteQuery({
    queryKey: [license, ...key],
    queryFn: async ({ pageParam, signal }) => answered((await read(api, pageParam, signal)).data),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled,
    refetchInterval: ({ state }) => readAgainMs(state.error, refreshMs),
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.data) ?? [],
    isPending: query.isPending,
    isFetching: query.isFetching,
    error: query.error,
    hasMore: query.hasNextPage,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => void query.fetchNextPage(),
    refetch: () => void query.refetch(),
  };
}

interface ChangeOptions<Input, Result> {
  /** Beginnings of the keys of what is read again. */
  refreshes?: readonly DataKey[];
  /** Before anything is read again: whoever leaves the page of what is gone lets that be awaited. */
  onDone?: (result: Result, input: Input) => void | Promise<void>;
  /** Said when it is done. */
  said?: string | ((result: Result) => string);
}

/** A change that is being made. `mutate` makes it; each call has a key of its own, which repetitions keep (see `Once`). */
export type Change<Input, Result> = Omit<
  UseMutationResult<Result, Error, { input: Input; key: string }>,
  'mutate' | 'mutateAsync' | 'variables'
> & {
  mutate(input: Input): void;
  mutateAsync(input: Input): Promise<Result>;
  /** What it was called with last. */
  variables: Input | undefined;
};

/** A call that changes something. An answer without a body gives undefined. */
export function useChange<Input, Result>(
  change: (api: Tripline, input: Input, headers: { 'Idempotency-Key': string }) => Promise<{ data?: Result }>,
  { refreshes = [], onDone, said }: ChangeOptions<Input, Result> = {},
): Change<Input, Result> {
  const { api, license } = useTripline();
  const client = useQueryClient();
  const say = useToast();
  const mutation = useMutation<Result, Error, { input: Input; key: string }>({
    mutationFn: async ({ input, key }) => (await change(api, input, { 'Idempotency-Key': key })).data as Result,
    onSuccess: async (result, { input }) => {
      if (said !== undefined) say(typeof said === 'string' ? said : said(result));
      await onDone?.(result, input);
      await Promise.all(refreshes.map((key) => client.invalidateQueries({ queryKey: [license, ...key] })));
    },
  });
  const [once] = useState(() => new Once<Input, Result>());
  const make = (input: Input) => once.make(input, (key) => mutation.mutateAsync({ input, key }));
  return {
    ...mutation,
    variables: mutation.variables?.input,
    mutate: (input) => void make(input).catch(() => undefined),
    mutateAsync: make,
  };
}

function answered<Data>(data: Data | undefined): Data {
  if (data === undefined) throw new Error('The server answered without saying anything. Try again.');
  return data;
}
