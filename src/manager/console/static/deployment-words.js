/** How the page names what was deployed, and by whom. */

/** Of one deployment in the list; the rest is a number. */
const ARTIFACTS_NAMED = 6;

/** The owner of a saved file is told as "admin (file)" already. */
export function whoText(who, via) {
  return who.endsWith(`(${via})`) ? who : `${who} (${via})`;
}

export function nameOf({ kind, name, path }) {
  return kind ? `${kind} ${name}` : path;
}

export function namesOf(artifacts) {
  const names = artifacts.map(nameOf);
  const more = names.length - ARTIFACTS_NAMED;
  return more > 1
    ? `${names.slice(0, ARTIFACTS_NAMED).join(", ")} and ${more} more`
    : names.join(", ");
}
