/** An HTTPS receiver as a process of its own: answers at once, and tells of each request the value that fired. */
import { tellArrivals } from './told-arrivals.js';

await tellArrivals<number>((request, response, arrived) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (text: string) => (body += text));
  request.once('end', () => {
    arrived(Number(/"value":(\d+)/.exec(body)?.[1]));
    response.writeHead(204).end();
  });
});
