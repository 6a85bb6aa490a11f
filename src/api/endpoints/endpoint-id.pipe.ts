import { Injectable } from '@nestjs/common';
import type { PipeTransform } from '@nestjs/common';
import { parseUuid } from '../path.js';
import { Problem } from '../problem.js';

/** `{id}` of a path: a UUID in canonical spelling; throws a 400 for anything else. */
@Injectable()
export class EndpointIdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    const id = parseUuid(value);
    if (id !== undefined) return id;
    throw new Problem(400, {
      kind: 'invalid-request',
      message: 'Invalid endpoint id',
      detail: 'The endpoint id in the path must be a UUID, as the answer to its making has it.',
    });
  }
}
