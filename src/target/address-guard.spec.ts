import { describe, expect, test } from '@jest/globals';
import { AddressGuard } from './address-guard.js';

const closed = new AddressGuard({ allow: [] });

describe('an address that is not public is blocked', () => {
  test.each([
    // This host, private networks, carrier NAT, loopback, link-local (cloud metadata)
    '0.0.0.0',
    '0.255.255.255',
    '10.0.0.0',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.168.255.255',
    // Assignments, documentation, relays, benchmarking, multicast, reserved, broadcast
    '192.0.0.1',
    '192.0.0.192',
    '192.0.2.5',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    // IPv6: unspecified, loopback, compatible, unique local, link-local, site-local, multicast
    '::',
    '::1',
    '0:0:0:0:0:0:0:1',
    '0000:0000:0000:0000:0000:0000:0000:0001',
    '::127.0.0.1',
    '::8.8.8.8',
    'fc00::1',
    'fd00:ec2::254',
    'FD12:3456:789a::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fec0::1',
    'ff02::1',
    'ff0e::1',
    // Discard, documentation, Teredo, ORCHID, benchmarking, 6to4, segment routing
    '100::1',
    '2001:db8::1',
    '3fff::1',
    '2001::1',
    '2001:0:53aa:64c:0:5efe:7f00:1',
    '2001:10::1',
    '2001:20::1',
    '2001:2::1',
    '2002:7f00:1::1',
    '2002:a00:1::',
    '2002:808:808::1',
    '5f00::1',
    // IPv4 inside IPv6
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::FFFF:7F00:0001',
    '0:0:0:0:0:ffff:10.1.2.3',
    '::ffff:169.254.169.254',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a00:1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::8.8.8.8',
    '2606:4700::5efe:10.0.0.1',
    '2606:4700::200:5efe:a9fe:a9fe',
    // No addresses at all
    '',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.0.0.1 ',
    '[::1]',
    '1.2.3.4/8',
    'not an address',
  ])('%s', (address) => {
    expect(closed.judge(address, 443)).toBe('blocked');
  });
});

describe('a public address is allowed, however it is written', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2a00:1450:4001:81b::200e',
    '2001:200::1',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '64:ff9b::8.8.8.8',
    '2606:4700::5efe:8.8.8.8',
  ])('%s', (address) => {
    expect(closed.judge(address, 443)).toBe('allowed');
  });
});

describe('a port of another protocol is blocked at a public address too', () => {
  test.each([0, 9, 22, 23, 25, 53, 110, 143, 389, 465, 587, 636, 993, 995, 2049, 5060, 6000, 6667, 10080])(
    '%d',
    (port) => {
      expect(closed.judge('8.8.8.8', port)).toBe('blocked');
      expect(closed.judge('2606:4700:4700::1111', port)).toBe('blocked');
      expect(closed.judge('::ffff:8.8.8.8', port)).toBe('blocked');
      expect(new AddressGuard({ allow: ['8.8.8.8'] }).judge('8.8.8.8', port)).toBe('allowed');
    },
  );

  test.each([80, 443, 3000, 4443, 5432, 8080, 8443, 9443, 65535])('others are not: %d', (port) => {
    expect(closed.judge('8.8.8.8', port)).toBe('allowed');
  });
});

describe('the operator opens networks, addresses, and single ports', () => {
  test.each([
    ['10.0.0.0/8', '10.20.30.40', 443, 'allowed'],
    ['10.0.0.0/8', '::ffff:10.20.30.40', 443, 'allowed'],
    ['10.0.0.0/8', '11.0.0.1', 443, 'allowed'],
    ['10.0.0.0/8', '192.168.0.1', 443, 'blocked'],
    // Behind the translator is another network than the one that was opened.
    ['10.0.0.0/8', '64:ff9b::10.20.30.40', 443, 'blocked'],
    ['10.1.2.3', '10.1.2.3', 8443, 'allowed'],
    ['10.1.2.3', '10.1.2.4', 8443, 'blocked'],
    ['fd00::/8', 'fd00::5', 443, 'allowed'],
    ['fd00::/8', 'fe80::5', 443, 'blocked'],
    ['::1', '::1', 443, 'allowed'],
    ['::1', '127.0.0.1', 443, 'blocked'],
    ['127.0.0.1:8443', '127.0.0.1', 8443, 'allowed'],
    ['127.0.0.1:8443', '::ffff:127.0.0.1', 8443, 'allowed'],
    ['127.0.0.1:8443', '127.0.0.1', 443, 'blocked'],
    ['127.0.0.1:8443', '127.0.0.2', 8443, 'blocked'],
    ['127.0.0.1:8443', '::1', 8443, 'blocked'],
    ['[::1]:8443', '::1', 8443, 'allowed'],
    ['[0:0::1]:8443', '0:0:0:0:0:0:0:1', 8443, 'allowed'],
    ['[::1]:8443', '::1', 8444, 'blocked'],
    ['64:ff9b::/96', '64:ff9b::10.20.30.40', 443, 'allowed'],
  ])('with %s, %s port %d is %s', (entry, address, port, expected) => {
    expect(new AddressGuard({ allow: [entry] }).judge(address, port)).toBe(expected);
  });

  test.each(
    ['10.0.0.0/33', '::/129', '10.0.0/8', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', 'localhost', '', ' '].concat([
      '127.0.0.1:0',
      '127.0.0.1:65536',
      '127.0.0.1:https',
      '::1:8443/128/1',
      '[127.0.0.1]:8443',
      'fe80::1%eth0',
      '*',
    ]),
  )('an entry that is none of these is refused at the start: "%s"', (entry) => {
    expect(() => new AddressGuard({ allow: [entry] })).toThrow(`"${entry}" is neither`);
  });
});
