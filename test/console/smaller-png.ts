/** The same picture in fewer bytes: a browser writes them fast, not small, and a page has few colours. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const COLOURS_MAX = 256;
const CHANNELS = 3;
/** Eight bits a channel; red, green and blue. */
const READ_KIND = [8, 2] as const;
/** Eight bits a pixel, which name a colour of the palette. */
const WRITTEN_KIND = [8, 3] as const;

/** Takes a screenshot; gives it with the 256 colours that it has most of, and for the others the nearest of them. */
export function smallerPng(png: Buffer): Buffer {
  const header = Buffer.from(chunksOf(png, 'IHDR')[0]!);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  if (header[8] !== READ_KIND[0] || header[9] !== READ_KIND[1]) throw new Error('a picture of another kind');
  const pixels = unfiltered(inflateSync(Buffer.concat(chunksOf(png, 'IDAT'))), width, height);
  const palette = paletteOf(pixels);
  const nearest = new Map<number, number>();
  const rows = Buffer.alloc(height * (width + 1));
  for (let at = 0; at < width * height; at++) {
    const colour = pixels.readUIntBE(at * CHANNELS, CHANNELS);
    const place = nearest.get(colour) ?? nearestOf(colour, palette);
    nearest.set(colour, place);
    rows[at + Math.floor(at / width) + 1] = place;
  }
  header.set(WRITTEN_KIND, 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channelsOf))),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunksOf(png: Buffer, wanted: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === wanted) found.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return found;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Each row of the stream begins with how its bytes were predicted: from the left, from above, from both. */
function unfiltered(stream: Buffer, width: number, height: number): Buffer {
  const stride = width * CHANNELS;
  const pixels = Buffer.alloc(stride * height);
  for (let row = 0; row < height; row++) {
    const kind = stream[row * (stride + 1)]!;
    for (let at = 0; at < stride; at++) {
      const place = row * stride + at;
      const left = at < CHANNELS ? 0 : pixels[place - CHANNELS]!;
      const above = row === 0 ? 0 : pixels[place - stride]!;
      const corner = row === 0 || at < CHANNELS ? 0 : pixels[place - stride - CHANNELS]!;
      pixels[place] = stream[place + row + 1]! + predicted(kind, left, above, corner);
    }
  }
  return pixels;
}

function predicted(kind: number, left: number, above: number, corner: number): number {
  if (kind === 0) return 0;
  if (kind === 1) return left;
  if (kind === 2) return above;
  if (kind === 3) return (left + above) >> 1;
  const guess = left + above - corner;
  const byLeft = Math.abs(guess - left);
  const byAbove = Math.abs(guess - above);
  const byCorner = Math.abs(guess - corner);
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}

function paletteOf(pixels: Buffer): number[] {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += CHANNELS) {
    const colour = pixels.readUIntBE(at, CHANNELS);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const mostFirst = [...counts].sort(([, one], [, other]) => other - one);
  return mostFirst.slice(0, COLOURS_MAX).map(([colour]) => colour);
}

function nearestOf(colour: number, palette: readonly number[]): number {
  const wanted = channelsOf(colour);
  const distances = palette.map((each) =>
    channelsOf(each).reduce((sum, channel, at) => sum + (channel - wanted[at]!) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

function channelsOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}
