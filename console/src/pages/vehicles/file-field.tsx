import { useRef, useState } from 'react';
import { DropZone, FileTrigger, isFileDropItem } from 'react-aria-components';
import type { DropZoneProps } from 'react-aria-components';
import { FILE_BYTES_MAX } from '../../bulk/vehicle-list.js';
import { Button } from '../../parts/button.js';
import { Icon } from '../../parts/icon.js';

/** A file whose text was read in the page; nothing is sent. */
export interface ReadFile {
  name: string;
  text: string;
}

interface FileFieldProps {
  file: ReadFile | undefined;
  onRead: (file: ReadFile | undefined) => void;
}

type DropEvent = Parameters<NonNullable<DropZoneProps['onDrop']>>[0];

const MEGABYTE = 1024 * 1024;

/** Takes a text or CSV file, dropped or chosen. */
export function FileField({ file, onRead }: FileFieldProps) {
  const [problem, setProblem] = useState<string>();
  const latest = useRef<File>(undefined);
  const read = async (given: File | undefined): Promise<void> => {
    if (given === undefined) return;
    latest.current = given;
    const isTooLarge = given.size > FILE_BYTES_MAX;
    setProblem(isTooLarge ? `The file is larger than ${FILE_BYTES_MAX / MEGABYTE} MB. Cut it into parts.` : undefined);
    if (isTooLarge) return;
    const text = await given.text();
    // A large one may be read when another was chosen already.
    if (latest.current === given) onRead({ name: given.name, text });
  };
  const drop = async ({ items }: DropEvent): Promise<void> => {
    const item = items.find(isFileDropItem);
    if (item === undefined) setProblem('That is not a file. Drop a text or CSV file.');
    else await read(await item.getFile());
  };
  return (
    <DropZone className="drop-zone" aria-label="Drop a CSV file" onDrop={(event) => void drop(event)}>
      <Icon name="upload" />
      <span>{file === undefined ? 'Drop a CSV file here, or' : file.name}</span>
      <FileTrigger
        acceptedFileTypes={['.csv', '.txt', 'text/csv', 'text/plain']}
        onSelect={(list) => void read(list?.[0])}
      >
        <Button>{file === undefined ? 'Choose file' : 'Choose another file'}</Button>
      </FileTrigger>
      {file !== undefined && (
        <Button
          onPress={() => {
            latest.current = undefined;
            onRead(undefined);
          }}
        >
          Remove file
        </Button>
      )}
      {problem && (
        <p className="fault" role="alert">
          <Icon name="alert" />
          {problem}
        </p>
      )}
    </DropZone>
  );
}
