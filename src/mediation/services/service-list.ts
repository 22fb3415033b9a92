/** The HTML page of `/services/`: the names of the proxy services with a link to each contract. */
import { encodeEntities } from "../../config/xml-entities.ts";
import type { ProxyService } from "./proxy-service.ts";

/** The page. Services that are not started are named without a link. */
export function serviceListPage(services: readonly ProxyService[]): string {
  const sorted = services.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const items = sorted.map((service) => `<li>${itemText(service)}</li>`);
  return `<!DOCTYPE html>
<html><head><meta charset="UTF-8"><title>Services</title></head>
<body><h1>Deployed services</h1><ul>
${items.join("\n")}
</ul></body></html>
`;
}

function itemText(service: ProxyService): string {
  const name = encodeEntities(service.name);
  if (!service.started) return `${name} (inactive)`;
  return `<a href="${encodeEntities(encodeURI(service.name))}?wsdl">${name}</a>`;
}
