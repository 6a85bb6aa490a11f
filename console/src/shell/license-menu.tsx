import { useNavigate, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover, Separator } from 'react-aria-components';
import { Icon } from '../parts/icon.js';
import { signIns, useSignIns } from '../session.js';
import type { SignIn } from '../sign-ins.js';
import { chooseTheme, chosenTheme } from './theme.js';
import type { Theme } from './theme.js';

const THEMES: readonly { id: Theme; text: string }[] = [
  { id: 'system', text: 'As the system' },
  { id: 'light', text: 'Light' },
  { id: 'dark', text: 'Dark' },
];

/** Who is signed in: the other licenses to switch to, how the page looks, and the way out. */
export function LicenseMenu() {
  const { signIns: all, current } = useSignIns();
  const navigate = useNavigate();
  const router = useRouter();
  if (current === undefined) return null;
  // What is open belongs to this license, so nobody stays there with another; who has changes there is asked first.
  const leaveFor = async (change: () => void) => {
    await navigate({ to: '/' });
    if (router.state.location.pathname === '/') change();
  };
  return (
    <MenuTrigger>
      <Button className="license">
        <Icon name="user" />
        <span className="hidden-text">License</span>
        <LicenseName signIn={current} />
        <Icon name="down" />
      </Button>
      <Popover className="pop">
        <Menu className="menu">
          <MenuSection selectionMode="single" selectedKeys={[current.license]}>
            <Header className="small">Licenses</Header>
            {all.map((signIn) => (
              <MenuItem
                key={signIn.license}
                id={signIn.license}
                className="option"
                textValue={signIn.license}
                onAction={() => void leaveFor(() => signIns.choose(signIn.license))}
              >
                <LicenseName signIn={signIn} />
              </MenuItem>
            ))}
          </MenuSection>
          <MenuItem className="option" onAction={() => void navigate({ to: '/sign-in' })}>
            Add another license
          </MenuItem>
          <MenuItem className="option" onAction={() => void leaveFor(() => signIns.remove(current.license))}>
            Sign out
          </MenuItem>
          <Separator className="separator" />
          <Colours />
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

function Colours() {
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <MenuSection
      selectionMode="single"
      selectedKeys={[theme]}
      onSelectionChange={(keys) => {
        const [chosen] = [...keys] as Theme[];
        if (chosen === undefined) return;
        chooseTheme(chosen);
        setTheme(chosen);
      }}
    >
      <Header className="small">Colours</Header>
      {THEMES.map(({ id, text }) => (
        <MenuItem key={id} id={id} className="option">
          {text}
        </MenuItem>
      ))}
    </MenuSection>
  );
}

function LicenseName({ signIn: { license, keyName } }: { signIn: SignIn }) {
  return (
    <span className="license-name">
      <span className="mono">{`${license.slice(0, 8)}…${license.slice(-4)}`}</span>
      <small>{keyName === null ? 'developer token' : `key: ${keyName}`}</small>
    </span>
  );
}
