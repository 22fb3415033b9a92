/**
 * The "?" of JDBC statements: found outside strings, quoted names and comments, counted, and written as $1, $2, ..
 * where the database wants that.
 */

// Strings ('..' and E'..' alike), "names", `names`, -- and # comments to the end of the line, /* */, $tag$..$tag$.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[^]*?\*\/|\$([A-Za-z_]*)\$[^]*?\$\1\$|\?/g;

export function placeholderCount(sql: string): number {
  let count = 0;
  for (const [token] of sql.matchAll(TOKEN)) if (token === "?") count += 1;
  return count;
}

/** The statement with numbered places (PostgreSQL). */
export function numberedPlaceholders(sql: string): string {
  let count = 0;
  return sql.replace(TOKEN, (token) => {
    if (token !== "?") return token;
    count += 1;
    return `$${count}`;
  });
}
