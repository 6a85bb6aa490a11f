import { useState } from 'react';
import { curlCommand } from '../../delivery/curl.js';
import type { CurlRequest } from '../../delivery/curl.js';
import { Button } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code.js';
import { useToast } from '../../parts/toast.js';

/** Copies a request as a command for a shell; where the browser does not let it, shows the command. */
export function CopyCurl({ request }: { request: CurlRequest }) {
  const say = useToast();
  const [isShown, setShown] = useState(false);
  const command = curlCommand(request);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(command);
      say('Copied, without the signature: that is kept shortened.');
    } catch {
      setShown(true);
    }
  };
  return (
    <>
      <div>
        <Button icon="copy" onPress={() => void copy()}>
          Copy as curl
        </Button>
      </div>
      {isShown && <CodeBlock label="The request as curl" text={command} />}
    </>
  );
}
