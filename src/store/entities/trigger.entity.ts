import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MetricKind, ValueKind } from '../../core/catalog.js';
import type { TriggerStatus } from '../../core/trigger.js';

/** A developer's rule. Rows outlive their deletion, so that what still refers to one can tell that it is gone. */
@Entity('triggers')
export class TriggerEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  license: string;

  @Column('integer')
  revision: number;

  /** The revision that last changed the metric: a state from before it counts as empty. */
  @Column('integer', { name: 'metric_revision' })
  metricRevision: number;

  @Column('text')
  status: TriggerStatus;

  @Column('text', { name: 'status_reason', nullable: true })
  statusReason: string | null;

  @Column('text')
  service: string;

  @Column('text', { name: 'metric_name' })
  metricName: string;

  @Column('text', { name: 'metric_kind' })
  metricKind: MetricKind;

  @Column('text')
  metric: string;

  @Column('text', { name: 'value_kind' })
  valueKind: ValueKind;

  @Column('text')
  condition: string;

  @Column('text', { name: 'normalized_condition' })
  normalizedCondition: string;

  @Column('integer', { name: 'cooldown_seconds' })
  cooldownSeconds: number;

  /** Samples that are older when they arrive are not evaluated; null for any age. */
  @Column('integer', { name: 'max_sample_age_seconds', nullable: true })
  maxSampleAgeSeconds: number | null;

  @Column('text', { name: 'display_name' })
  displayName: string;

  /** The display name without regard to case; unique among a license's triggers that are not deleted. */
  @Column('text', { name: 'name_key' })
  nameKey: string;

  @Column('text')
  description: string;

  /** Vehicles that are shared with the license join, and leave, by themselves. */
  @Column('boolean', { name: 'auto_subscribe', default: false })
  autoSubscribe: boolean;

  @Column('uuid', { name: 'endpoint_id' })
  endpointId: string;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt: Date;

  @Column({ type: 'timestamptz', name: 'deleted_at', precision: 3, nullable: true })
  deletedAt: Date | null;

  /** When nothing of a deleted trigger was left, see `sweepDeletedTriggers`. */
  @Column({ type: 'timestamptz', name: 'swept_at', precision: 3, nullable: true })
  sweptAt: Date | null;
}
