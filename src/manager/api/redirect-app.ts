/**
 * The http connector: sends everybody to https, since credentials and sessions must not cross a network in the clear.
 * 308 keeps the method of whatever is not a page view.
 */
import fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { SECURITY_HEADERS } from "./security-headers.ts";

/** @param locate makes the Location of a redirect to a path of the https connector. */
export function buildRedirectApp(
  locate: (request: FastifyRequest, path: string) => string,
): FastifyInstance {
  const app = fastify({ logger: false, exposeHeadRoutes: false, forceCloseConnections: "idle" });
  // The body is nobody's here: it is neither checked nor read.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, payload, done) => {
    payload.resume();
    done(null);
  });
  app.setNotFoundHandler((request, reply) => {
    const isPageView = request.method === "GET" || request.method === "HEAD";
    return reply
      .headers(SECURITY_HEADERS)
      .redirect(locate(request, request.url), isPageView ? 302 : 308);
  });
  return app;
}
