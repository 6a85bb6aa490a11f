import { number, plural } from '../parts/format.js';
import { readDid } from '../vehicle/did.js';

/** A line that names no vehicle, and why. */
export interface WrongLine {
  /** From 1. */
  line: number;
  text: string;
  reason: string;
}

/** What a pasted list or a file says. */
export interface VehicleList {
  /** Each vehicle once, in the order in which they come first. */
  dids: string[];
  /** How many entries name a vehicle that was named before. */
  repeated: number;
  wrongCount: number;
  /** The first of them. */
  wrong: WrongLine[];
}

/** What one call of the API takes. */
export const VEHICLES_A_CALL = 100_000;

/** As many calls as may run at a time, with one to spare. */
export const VEHICLES_MAX = 4 * VEHICLES_A_CALL;

/** Room for as many vehicles with some columns beside them. */
export const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** Of a file that is something else entirely. */
const WRONG_SHOWN_MAX = 1_000;

const TEXT_SHOWN_MAX = 120;

/** Names of the column with the vehicle, once everything but letters is taken out of them. */
const COLUMN_NAMES = new Set(['did', 'vehicledid', 'assetdid', 'vehicle', 'asset', 'vehicles', 'assetdids', 'subject']);

/**
 * Reads vehicles from what people have: a list with commas, semicolons, tabs, spaces or line ends between, a JSON array,
 * or a CSV file with other columns. A first line with names of columns is passed over, and when one of them is the
 * vehicle's, the others are not looked at. Empty lines and those that begin with # say nothing. Quoted cells end with
 * their line.
 */
export function readVehicleList(text: string): VehicleList {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const first = lines.findIndex((line) => !saysNothing(line));
  const header = first >= 0 && isHeader(lines, first) ? lines[first]! : undefined;
  const column = header === undefined ? undefined : columnOf(header);
  const list = new ListInMaking();
  lines.forEach((line, index) => {
    if (saysNothing(line) || (header !== undefined && index === first)) return;
    list.add(index + 1, line, column === undefined ? tokensOf(line) : cellOf(line, column));
  });
  return list.made;
}

/** Says what there is in a list before it is sent: "1,204 vehicles, 3 repeated, 2 are not DIDs (lines 17, 90)". */
export function describeVehicleList({ dids, repeated, wrong, wrongCount }: VehicleList): string {
  const parts = [plural(dids.length, 'vehicle')];
  if (repeated > 0) parts.push(`${number(repeated)} repeated`);
  if (wrongCount > 0) {
    const what = wrongCount === 1 ? '1 is not a DID' : `${number(wrongCount)} are not DIDs`;
    parts.push(`${what} (${linesOf(wrong, wrongCount)})`);
  }
  return parts.join(', ');
}

/** Cuts a list into what single calls take. */
export function cutIntoCalls(dids: readonly string[]): string[][] {
  const calls: string[][] = [];
  for (let at = 0; at < dids.length; at += VEHICLES_A_CALL) calls.push(dids.slice(at, at + VEHICLES_A_CALL));
  return calls;
}

class ListInMaking {
  readonly made: VehicleList = { dids: [], repeated: 0, wrongCount: 0, wrong: [] };
  private readonly keys = new Set<string>();

  /** Takes the vehicles among the entries of a line; of those that are none, one is told when there is no vehicle. */
  add(line: number, text: string, entries: readonly string[]): void {
    const read = entries.map((entry) => ({ entry, ...readDid(entry) }));
    const vehicles = read.filter((one) => one.kind === 'ok');
    for (const { did, key } of vehicles) this.addVehicle(did, key);
    const wrong = read.filter((one) => one.kind === 'wrong' && (isMeantAsDid(one.entry) || vehicles.length === 0));
    const told = wrong.find(({ entry }) => isMeantAsDid(entry)) ?? wrong[0];
    if (told?.kind === 'wrong') this.addWrong({ line, text: told.entry, reason: told.reason });
    else if (read.length === 0) this.addWrong({ line, text, reason: 'there is nothing in the column of the vehicle' });
  }

  private addVehicle(did: string, key: string): void {
    if (this.keys.has(key)) this.made.repeated += 1;
    else {
      this.keys.add(key);
      this.made.dids.push(did);
    }
  }

  private addWrong({ line, text, reason }: WrongLine): void {
    this.made.wrongCount += 1;
    if (this.made.wrong.length >= WRONG_SHOWN_MAX) return;
    const shown = text.length > TEXT_SHOWN_MAX ? `${text.slice(0, TEXT_SHOWN_MAX)}…` : text;
    this.made.wrong.push({ line, text: shown, reason });
  }
}

/** Where the vehicles of a CSV file stand. */
interface Column {
  separator: string;
  at: number;
}

/** Whether a first line names columns: words only, and something comes after it. */
function isHeader(lines: readonly string[], first: number): boolean {
  const tokens = tokensOf(lines[first]!);
  const areWords = tokens.every((token) => !token.includes(':') && /[a-z]/i.test(token));
  return areWords && lines.slice(first + 1).some((line) => !saysNothing(line));
}

function columnOf(header: string): Column | undefined {
  const separator = [';', '\t', '|'].find((mark) => header.includes(mark)) ?? ',';
  const names = cellsOf(header, separator).map((name) => name.toLowerCase().replace(/[^a-z]/g, ''));
  const at = names.findIndex((name) => COLUMN_NAMES.has(name));
  return at < 0 ? undefined : { separator, at };
}

/** What stands in the column, which may be nothing. */
function cellOf(line: string, { separator, at }: Column): string[] {
  const cell = cellsOf(line, separator)[at] ?? '';
  return cell === '' ? [] : [cell];
}

function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      cells.push(bare(cell));
      cell = '';
    } else cell += character;
  }
  return [...cells, bare(cell)];
}

/** All that separators of any kind leave; what stands in quotes is one. */
function tokensOf(line: string): string[] {
  const found = line.match(/"[^"]*"?|[^\s,;|[\]"]+/g) ?? [];
  return found.map(bare).filter((token) => token !== '');
}

/** Without quotes and the spaces that nobody sees. */
function bare(text: string): string {
  return text.replace(/[\u200B-\u200D\u2060\uFEFF]/g, '').replace(/^[\s"'`]+|[\s"'`]+$/g, '');
}

function isMeantAsDid(entry: string): boolean {
  return /^did:erc721/i.test(entry);
}

function saysNothing(line: string): boolean {
  const text = bare(line);
  return text.startsWith('#') || /^[,;|[\]\s]*$/.test(text);
}

/** The first line numbers, each once: most files that are wrong are wrong in a few places. */
function linesOf(wrong: readonly WrongLine[], count: number): string {
  const shown = wrong.slice(0, 5).map(({ line }) => String(line));
  const rest = count - shown.length;
  return `${count === 1 ? 'line' : 'lines'} ${shown.join(', ')}${rest > 0 ? ` and ${number(rest)} more` : ''}`;
}
