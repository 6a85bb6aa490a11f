import { Body, Controller, Delete, Get, Param, Put, UseGuards } from '@nestjs/common';
import { Revoker } from '../../access/revoker.js';
import { Catalog } from '../../core/catalog.js';
import type { Actor } from '../../store/actor.js';
import { GrantStore } from '../../store/grants.js';
import { AdminGuard } from '../admin.guard.js';
import { TakesBody } from '../body.interceptor.js';
import { Caller } from '../developer.guard.js';
import type { Given } from '../fields.js';
import { Operation } from '../openapi-operation.js';
import { LicensePipe, VehiclePipe } from '../path.pipe.js';
import { Problem } from '../problem.js';
import { grantChange, grantView, requireKnownPermissions } from './grant-fields.js';
import type { GrantChange, GrantView } from './grant-fields.js';

const example: GrantView = {
  license: '0xF26421509Efe92861a587482100c6d728aBf1CD0',
  vehicle: 'did:erc721:137:0xbA5738a18d83D41847dfFbDC6101d37C69c9B0cF:12345',
  permissions: ['privilege:GetNonLocationHistory', 'privilege:GetLocationHistory'],
};

/** Grants in the own database: what licenses may read of vehicles where no permission service is configured. */
@Controller('v1/admin/grants/:license/:did')
@UseGuards(AdminGuard)
export class GrantsController {
  constructor(
    private readonly grants: GrantStore,
    private readonly catalog: Catalog,
    private readonly revoker: Revoker,
  ) {}

  @Get()
  @Operation({
    id: 'getGrant',
    tag: 'Administration',
    summary: 'Shows what a license may read of a vehicle',
    access: 'admin',
    status: 200,
    answer: { description: 'The grant.', schema: grantView, example },
    problems: { 404: 'There is no such grant.' },
  })
  async get(
    @Param('license', LicensePipe) license: string,
    @Param('did', VehiclePipe) vehicle: string,
  ): Promise<GrantView> {
    const permissions = await this.grants.get(license, vehicle);
    if (permissions !== undefined) return { license, vehicle, permissions };
    const detail = `${license} has no grant of ${vehicle}.`;
    throw new Problem(404, { kind: 'not-found', message: 'Grant not found', detail });
  }

  @Put()
  @TakesBody()
  @Operation({
    id: 'putGrant',
    tag: 'Administration',
    summary: 'Sets what a license may read of a vehicle',
    description:
      'Subscriptions that need what is no longer among it have ended when this is answered, and the license is told with ' +
      '`subscription.revoked`.',
    access: 'admin',
    body: {
      schema: grantChange,
      examples: { both: { summary: 'Everything', value: { permissions: example.permissions } } },
    },
    status: 200,
    answer: { description: 'The grant as it is now.', schema: grantView, example },
  })
  async put(
    @Caller() caller: Actor,
    @Param('license', LicensePipe) license: string,
    @Param('did', VehiclePipe) vehicle: string,
    @Body({ schema: grantChange }) { fields }: Given<GrantChange>,
  ): Promise<GrantView> {
    const permissions = [...new Set(fields.permissions)];
    requireKnownPermissions(fields.permissions, this.catalog);
    await this.grants.put(caller, license, vehicle, permissions);
    await this.revoker.revoke(license, vehicle);
    return { license, vehicle, permissions };
  }

  @Delete()
  @Operation({
    id: 'deleteGrant',
    tag: 'Administration',
    summary: 'Takes a grant away',
    description:
      'Also succeeds when there is none. The subscriptions that needed it have ended when this is answered, and the ' +
      'license is told with `subscription.revoked`.',
    access: 'admin',
    status: 204,
  })
  async remove(
    @Caller() caller: Actor,
    @Param('license', LicensePipe) license: string,
    @Param('did', VehiclePipe) vehicle: string,
  ): Promise<void> {
    await this.grants.remove(caller, license, vehicle);
    await this.revoker.revoke(license, vehicle);
  }
}
