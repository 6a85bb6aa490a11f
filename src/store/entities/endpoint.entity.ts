import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Where CloudEvents go. */
@Entity('endpoints')
export class EndpointEntity {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  license: string;

  @Column('text')
  url: string;

  /** Encrypted; only what sends opens it. */
  @Column('text')
  secret: string;

  @Column({ type: 'timestamptz', name: 'verified_at', precision: 3, nullable: true })
  verifiedAt: Date | null;

  @Column({ type: 'timestamptz', name: 'created_at', precision: 3 })
  createdAt: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', precision: 3 })
  updatedAt: Date;
}
