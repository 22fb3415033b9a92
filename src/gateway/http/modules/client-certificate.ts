/**
 * The check of a client's certificate (`ssl_verify_client`, ngx_http_process_request): the handshake has asked for it,
 * here the request of a client without a good one is refused. First of all phases.
 */
import { ClientTls } from "../client-tls.ts";
import type { Outcome } from "../phase.ts";
import type { RequestContext } from "../request-context.ts";
import { respondError } from "../responses.ts";

export const clientCertificateEntry = { name: "ssl", run: checkCertificate };

function checkCertificate(context: RequestContext): Outcome | Promise<Outcome> {
  const { tls } = context.exchange.connection;
  const wanted = context.server.tls;
  if (!(tls instanceof ClientTls) || !wanted || wanted.verify === "off") return "next";
  if (tls.verifyKey !== wanted.verifyKey) {
    // The handshake was made for a server that asks less, or something else.
    const sentence =
      "client attempted to request the server name different from the one that was negotiated";
    return refuse(context, 421, sentence);
  }
  const { verifyError, certificate } = tls;
  if (verifyError && !(wanted.verify === "optional_no_ca" && verifyError.isOptional)) {
    const sentence = `client SSL certificate verify error: ${verifyError.text}`;
    return refuse(context, 495, sentence);
  }
  if (wanted.verify !== "on" || certificate) return "next";
  return refuse(context, 496, "client sent no required SSL certificate");
}

async function refuse(context: RequestContext, status: number, why: string): Promise<Outcome> {
  context.logError("info", `${why} while reading client request headers`);
  await respondError(context, status);
  return "done";
}
