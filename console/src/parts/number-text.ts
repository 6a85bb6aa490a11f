/** Between which values a number has to be. */
export interface NumberLimits {
  min: number;
  max: number;
}

/** The number that a typed text means; NaN for nothing, and for what is no number (yet). */
export function readNumber(text: string): number {
  const trimmed = text.trim().replace('−', '-');
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** A number as it is typed, without the digits that only the computer knows; nothing for NaN. */
export function numberText(value: number): string {
  return Number.isNaN(value) ? '' : String(Number(value.toFixed(12)));
}

/** The nearest number within limits; NaN stays NaN. */
export function limitNumber(value: number, { min, max }: NumberLimits): number {
  return Math.min(Math.max(value, min), max);
}

/** What an arrow key makes of a number; of none, the smallest that may be, or 0. */
export function stepNumber(value: number, step: number, limits: NumberLimits): number {
  if (Number.isNaN(value)) return limitNumber(0, limits);
  return limitNumber(Number((value + step).toFixed(12)), limits);
}
