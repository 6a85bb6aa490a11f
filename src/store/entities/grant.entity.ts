import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A license's permission to read a vehicle's data. */
@Entity('grants')
export class GrantEntity {
  @PrimaryColumn('text')
  license: string;

  /** Canonical DID. */
  @PrimaryColumn('text')
  vehicle: string;

  @Column({ type: 'text', array: true })
  permissions: string[];

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt: Date;
}
