import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A trigger applied to a vehicle. */
@Entity('subscriptions')
export class SubscriptionEntity {
  @PrimaryColumn('uuid', { name: 'trigger_id' })
  triggerId: string;

  /** Canonical DID. */
  @PrimaryColumn('text')
  vehicle: string;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;
}
