import { Injectable } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { readFields, readQuery } from './fields.js';

/** Checks what a route takes by the zod schema that its parameter names: `@Body({ schema })`, `@Query({ schema })`. */
@Injectable()
export class FieldsPipe implements PipeTransform {
  transform(value: unknown, { type, schema }: ArgumentMetadata): unknown {
    if (schema === undefined) return value;
    return type === 'body' ? readFields(schema as z.ZodObject, value) : readQuery(schema as z.ZodObject, value);
  }
}
