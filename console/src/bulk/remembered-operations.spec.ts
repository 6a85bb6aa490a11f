import { expect, test } from '@jest/globals';
import { forgetOperation, rememberedOperations, rememberOperation } from './remembered-operations.js';

const NOW = Date.parse('2026-01-15T12:00:00Z');
const DAY_MS = 86_400_000;

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    ...{ length: 0, clear: () => kept.clear(), key: () => null, removeItem: (key: string) => void kept.delete(key) },
    ...{
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, text: string) => void kept.set(key, text),
    },
  };
}

function operation(id: string, startedMs = NOW) {
  return { id, webhookId: 'w', what: 'Subscribing 2 vehicles', startedMs };
}

const ids = (kept: Storage, license: string, nowMs = NOW) =>
  rememberedOperations(kept, license, nowMs).map(({ id }) => id);

test('operations are found again by license, newest first, each once', () => {
  const kept = storage();
  for (const id of ['a', 'b', 'a']) rememberOperation(kept, '0x1', operation(id));
  rememberOperation(kept, '0x2', operation('c'));
  expect([ids(kept, '0x1'), ids(kept, '0x2'), ids(kept, '0x3')]).toEqual([['a', 'b'], ['c'], []]);
});

test('after a week, or once it is forgotten, an operation is gone', () => {
  const kept = storage();
  rememberOperation(kept, '0x1', operation('old', NOW - 8 * DAY_MS));
  rememberOperation(kept, '0x1', operation('new'));
  expect(ids(kept, '0x1')).toEqual(['new']);
  forgetOperation(kept, '0x1', 'new', NOW);
  expect(ids(kept, '0x1')).toEqual([]);
});

test('no more than twenty are kept', () => {
  const kept = storage();
  for (let at = 0; at < 30; at++) rememberOperation(kept, '0x1', operation(String(at)));
  expect([ids(kept, '0x1').length, ids(kept, '0x1')[0]]).toEqual([20, '29']);
});

test.each(['{', '7', '[1, null, {"id": 5}]', '{"id":"a"}'])('%s, which somebody else wrote, is passed over', (text) => {
  const kept = storage();
  kept.setItem('tripline.operations.0x1', text);
  expect(ids(kept, '0x1')).toEqual([]);
});

test('a browser that keeps nothing hinders nothing', () => {
  const refuse = () => {
    throw new Error('not allowed');
  };
  const kept = { ...storage(), getItem: refuse, setItem: refuse };
  expect(() => rememberOperation(kept, '0x1', operation('a'))).not.toThrow();
  expect(ids(kept, '0x1')).toEqual([]);
});
