import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { Catalog } from '../../core/catalog.js';
import { TakesBody } from '../body.interceptor.js';
import { DeveloperGuard } from '../developer.guard.js';
import { unknownKeyWarnings } from '../fields.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { conditionToCheck, conditionTrial } from './condition-fields.js';
import type { CheckAnswer, ConditionToCheck, ConditionTrial, TrialAnswer } from './condition-fields.js';
import { checkOperation, evaluateOperation } from './condition-operations.js';
import { checkForMetric, tryCondition } from './conditions.js';

/** Conditions before anything is registered. */
@Controller('v1/conditions')
@UseGuards(DeveloperGuard)
export class ConditionsController {
  constructor(private readonly catalog: Catalog) {}

  @Post('check')
  @TakesBody()
  @Operation(checkOperation)
  check(@Body({ schema: conditionToCheck }) { fields, unknownKeys }: Given<ConditionToCheck>): CheckAnswer {
    const answer = checkForMetric(this.catalog, fields);
    return { ...answer, warnings: [...answer.warnings, ...unknownKeyWarnings(unknownKeys)] };
  }

  @Post('evaluate')
  @TakesBody()
  @Operation(evaluateOperation)
  evaluate(@Body({ schema: conditionTrial }) { fields, unknownKeys }: Given<ConditionTrial>): TrialAnswer {
    const answer = tryCondition(this.catalog, fields);
    return { ...answer, warnings: [...answer.warnings, ...unknownKeyWarnings(unknownKeys)] };
  }
}
