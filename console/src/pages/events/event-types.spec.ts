import { describe, expect, it } from '@jest/globals';
import { LICENSE_EVENT_TYPES } from '../../../../src/core/event-types.js';
import { eventTitle } from '../../api/event-title.js';
import { chooseGroups, filterOf, groupsOf, groupTypes, typesOf } from './event-types.js';

const type = (name: string) => ({ type: name, description: '' });
const GROUPS = groupTypes(['trigger.fired', 'webhook.created', 'webhook.deleted', 'new_thing.made'].map(type));
const set = (...names: string[]) => new Set(names);

it('types are grouped by what stands before the dot, and unknown groups are called so', () => {
  expect(GROUPS.map(({ id, text, types }) => [id, text, types.length])).toEqual([
    ['trigger.*', 'Firings', 1],
    ['webhook.*', 'Webhooks', 2],
    ['new_thing.*', 'new_thing', 1],
  ]);
});

it('every type and group that a license can see has words of its own', () => {
  for (const { text, types } of groupTypes(LICENSE_EVENT_TYPES.map(type))) {
    expect(text).toMatch(/^[A-Z]/);
    for (const known of types) expect(eventTitle(known.type)).not.toBe(known.type);
  }
});

describe('a filter', () => {
  it.each([
    [undefined, []],
    ['webhook.*', ['webhook.created', 'webhook.deleted']],
    ['webhook.deleted,trigger.fired', ['trigger.fired', 'webhook.deleted']],
    ['nonsense', []],
  ])('%s means %j', (filter, types) => {
    expect([...typesOf(filter, GROUPS)]).toEqual(types);
  });

  it.each([
    [[], undefined],
    [['webhook.created', 'webhook.deleted'], 'webhook.*'],
    [['trigger.fired', 'webhook.deleted'], 'trigger.*,webhook.deleted'],
    [['trigger.fired', 'webhook.created', 'webhook.deleted', 'new_thing.made'], undefined],
  ])('of %j is %s', (types, filter) => {
    expect(filterOf(set(...types), GROUPS)).toBe(filter);
  });

  it('has a group as soon as it has one of its types', () => {
    expect(groupsOf(set('webhook.created'), GROUPS)).toEqual(['webhook.*']);
  });

  it('takes a group as a whole, and leaves the others as they are', () => {
    const types = set('webhook.created');
    expect([...chooseGroups(['webhook.*', 'trigger.*'], types, GROUPS)]).toEqual(['trigger.fired', 'webhook.created']);
    expect([...chooseGroups([], types, GROUPS)]).toEqual([]);
    expect([...chooseGroups(['webhook.*'], set(), GROUPS)]).toEqual(['webhook.created', 'webhook.deleted']);
  });
});
