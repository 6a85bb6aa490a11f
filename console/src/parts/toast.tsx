import { createContext, useCallback, useContext, useState } from 'react';
import type { ReactNode } from 'react';
import { Icon } from './icon.js';

const SEEN_MS = 5_000;

type Say = (text: string) => void;

const ToastContext = createContext<Say>(() => undefined);

/** Says in passing that something is done; nothing that has to be read. */
export function useToast(): Say {
  return useContext(ToastContext);
}

/** Shows what is said in passing, and lets readers of screens speak it. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly { id: number; text: string }[]>([]);
  const say = useCallback((text: string) => {
    const id = performance.now();
    setToasts((now) => [...now, { id, text }]);
    setTimeout(() => setToasts((now) => now.filter((toast) => toast.id !== id)), SEEN_MS);
  }, []);
  return (
    <ToastContext value={say}>
      {children}
      <div className="toasts" role="status">
        {toasts.map(({ id, text }) => (
          <div key={id} className="toast">
            <Icon name="check" />
            {text}
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
