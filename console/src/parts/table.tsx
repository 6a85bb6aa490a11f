import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import type { KeyboardEvent, ReactNode } from 'react';
import { nextRow } from './row-keys.js';

/** A column. The first one names the row, and leads where the row leads. */
export interface Column<Row> {
  id: string;
  head: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Left out where the window is narrower, in pixels. */
  drop?: 1080 | 820 | 560;
  align?: 'end';
}

interface DataTableProps<Row> {
  /** Names the table for whoever cannot see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowId: (row: Row) => string;
  /** Where a row leads. */
  link?: (row: Row) => Pick<LinkProps, 'to' | 'params' | 'search' | 'resetScroll'>;
  /** Shown in place of rows. */
  empty?: ReactNode;
}

/** Rows of one kind. Arrow keys go from row to row where rows lead somewhere. */
export function DataTable<Row>({ label, columns, rows, rowId, link, empty }: DataTableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return empty;
  return (
    <table className="table" aria-label={label} onKeyDown={link && moveBetweenRows}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.id} scope="col" className={classOf(column)}>
              {column.head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowId(row)} className={link && 'linked'}>
            {columns.map((column, at) =>
              at === 0 ? (
                <th key={column.id} scope="row" className={classOf(column)}>
                  <RowName link={link?.(row)}>{column.cell(row)}</RowName>
                </th>
              ) : (
                <td key={column.id} className={classOf(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RowName({
  link,
  children,
}: {
  link: Pick<LinkProps, 'to' | 'params' | 'search'> | undefined;
  children: ReactNode;
}) {
  if (link === undefined) return children;
  return (
    <Link {...link} className="row-link">
      {children}
    </Link>
  );
}

function classOf<Row>({ drop, align }: Column<Row>): string {
  return [drop && `drop-${drop}`, align].filter(Boolean).join(' ');
}

function moveBetweenRows(event: KeyboardEvent<HTMLTableElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('.row-link')];
  const to = nextRow(event.key, links.indexOf(document.activeElement as HTMLAnchorElement), links.length);
  if (to === undefined) return;
  event.preventDefault();
  links[to]?.focus();
}
