/**
 * An HTTPS receiver as a process of its own: answers at once, except below `/hang/`, where it never does. Tells of each
 * request its `webhook-id`.
 */
import { tellArrivals } from './told-arrivals.js';

await tellArrivals<string>((request, response, arrived) => {
  request.resume().once('end', () => {
    arrived(String(request.headers['webhook-id']));
    if (!request.url!.startsWith('/hang/')) response.writeHead(204).end();
  });
});
