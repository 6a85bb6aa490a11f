import { expect, test } from '@jest/globals';
import { cutIntoCalls, describeVehicleList, readVehicleList } from './vehicle-list.js';

const CONTRACT = '0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF';
const did = (tokenId: number | string) => `did:erc721:137:${CONTRACT}:${tokenId}`;
const [ONE, TWO, THREE] = [did(1), did(2), did(3)];

test.each([
  ['line ends', `${ONE}\n${TWO}\n${THREE}`],
  ['line ends of Windows', `${ONE}\r\n${TWO}\r\n${THREE}\r\n`],
  ['line ends of old Macs', `${ONE}\r${TWO}\r${THREE}`],
  ['commas', `${ONE},${TWO}, ${THREE}`],
  ['semicolons', `${ONE};${TWO};${THREE}`],
  ['tabs', `${ONE}\t${TWO}\t${THREE}`],
  ['spaces', `${ONE} ${TWO}  ${THREE}`],
  ['empty lines and a byte order mark', `\uFEFF\n${ONE}\n\n  \n${TWO}\n,,\n${THREE}\n\n`],
  ['quotes', `"${ONE}"\n'${TWO}'\n"${THREE}"`],
  ['a JSON array', `[\n  "${ONE}",\n  "${TWO}",\n  "${THREE}"\n]`],
  ['spaces that nobody sees', `${ONE}\u200B\n\u00A0${TWO}\n${THREE}\uFEFF`],
  ['comments', `# my fleet\n${ONE}\n${TWO}\n# one more\n${THREE}`],
  ['a heading', `Vehicles\n${ONE}\n${TWO}\n${THREE}`],
  ['columns without a heading', `Anna,${ONE},red\nBert,${TWO},blue\n"Smith, Carl",${THREE},`],
  ['columns with a heading', `name,vehicle DID,colour\nAnna,${ONE},red\n"Smith, Bert",${TWO},blue\n,${THREE},`],
  ['columns by semicolon', `assetDID;note\r\n${ONE};"a; b"\r\n${TWO};\r\n"${THREE}";c\r\n`],
])('vehicles are read from a list with %s', (_, text) => {
  expect(readVehicleList(text)).toEqual({ dids: [ONE, TWO, THREE], repeated: 0, wrongCount: 0, wrong: [] });
});

test('when a heading says which column is the vehicle, DIDs of other things are not taken', () => {
  const text = `device,vehicle\n${did(900)},${ONE}\n${did(901)},${TWO}`;
  expect(readVehicleList(text).dids).toEqual([ONE, TWO]);
});

test('a vehicle is taken once, however it is spelled', () => {
  const text = [ONE, ONE.toLowerCase(), ONE.toUpperCase(), TWO, did('+1'), did('001')].join('\n');
  expect(readVehicleList(text)).toEqual({ dids: [ONE, TWO], repeated: 4, wrongCount: 0, wrong: [] });
});

test.each([
  ['a bare token id', `${ONE}\n12345`, 2, '12345', 'token id alone'],
  ['a DID with a piece missing', `${ONE}\n\n${ONE.slice(0, 30)}`, 3, ONE.slice(0, 30), 'five parts'],
  ['a broken DID beside a good one', `${ONE} did:erc721:137:0x12:3`, 1, 'did:erc721:137:0x12:3', 'contract'],
  ['another kind of DID', `${ONE}\ndid:ethr:0xabc`, 2, 'did:ethr:0xabc', 'five parts'],
  ['words after the first line', `${ONE}\nhello there`, 2, 'hello', 'five parts'],
  ['words alone', 'hello', 1, 'hello', 'five parts'],
  ['an empty cell', `vehicle,name\n${ONE},Anna\n,Bert`, 3, ',Bert', 'nothing in the column'],
])('%s is told with its line', (_, text, line, shown, why) => {
  const { wrong, wrongCount } = readVehicleList(text);
  expect({ wrong, wrongCount }).toEqual({
    wrong: [{ line, text: shown, reason: expect.stringContaining(why) }],
    wrongCount: 1,
  });
});

test('of a file that is something else, the first thousand lines are told, cut short, and all are counted', () => {
  const { wrong, wrongCount } = readVehicleList(`1 ${'x'.repeat(500)}\n`.repeat(5_000));
  expect([wrong.length, wrongCount]).toEqual([1_000, 5_000]);
  expect(readVehicleList(`1\n${'x'.repeat(500)}`).wrong[1]!.text).toBe(`${'x'.repeat(120)}…`);
});

test.each([
  ['', '0 vehicles'],
  [ONE, '1 vehicle'],
  [`${ONE}\n${TWO}\n${ONE}`, '2 vehicles, 1 repeated'],
  [`${ONE}\n7`, '1 vehicle, 1 is not a DID (line 2)'],
  [`${ONE}\n7\n8\n${ONE}`, '1 vehicle, 1 repeated, 2 are not DIDs (lines 2, 3)'],
  [`${ONE}\n${'7\n'.repeat(1_500)}`, '1 vehicle, 1,500 are not DIDs (lines 2, 3, 4, 5, 6 and 1,495 more)'],
])('%j is described before it is sent', (text, expected) => {
  expect(describeVehicleList(readVehicleList(text))).toBe(expected);
});

test('a long list is cut into what the API takes at once', () => {
  expect(cutIntoCalls(Array.from({ length: 250_000 }, (_, at) => did(at))).map(({ length }) => length)).toEqual([
    100_000, 100_000, 50_000,
  ]);
  expect(cutIntoCalls([])).toEqual([]);
});
